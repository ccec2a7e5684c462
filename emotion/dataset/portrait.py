"""A drawn face, and what each facial action unit does to it.

The action units (AUs) are those of the Facial Action Coding System (P. Ekman and W. V. Friesen, "Facial Action Coding
System", Consulting Psychologists Press, 1978). ``au`` is a float array indexed by the unit's number, 0 at rest to 1.
"""

import numpy as np

from emotion.dataset.drawing import Canvas, View, background, curve, ellipse, photograph, ring, smooth
from emotion.dataset.person import Person, draw_beard, draw_glasses, draw_hair, draw_hand, draw_head

UNITS = 28  # One place for each AU number up to 27.
T = np.linspace(-1, 1, 17)  # From the left end of an eye or a mouth to the right one.
ARC = (1 - T**2) ** 0.65  # The opening of an eye or a mouth along T.


def draw(person: Person, au: np.ndarray, view: View, rng: np.random.Generator) -> np.ndarray:
    """The portrait, uint8 (48, 48).

    ``rng`` draws what says nothing of person, expression or view: blots behind the head, strands of hair, noise.
    """
    canvas = Canvas(view, background(view, rng))
    drop = 0.26 * au[26] + 0.15 * au[27]
    draw_head(canvas, person, drop)
    _relief(canvas, person, au, drop)
    _folds(canvas, person, au)
    _wrinkles(canvas, person, au)
    draw_beard(canvas, person, drop)
    draw_hair(canvas, person, rng)
    canvas.draw()
    canvas.soften()
    _nose(canvas, person, au)
    _mouth(canvas, person, au, drop)
    _eyes(canvas, person, au)
    _brows(canvas, person, au)
    draw_glasses(canvas, person)
    draw_hand(canvas, person, rng)
    canvas.draw()
    return photograph(canvas, view, rng)


def _relief(canvas: Canvas, person: Person, au: np.ndarray, drop: float) -> None:
    """What stands out of the face or lies deep in it; the light does the rest."""
    socket = ellipse(0.94 * person.eye_x, person.eye_y - 0.05, 0.29, 0.17)
    canvas.fill("tone", socket, 0.86 * person.skin, both=True)
    canvas.fill("relief", socket, 106, both=True)
    smile = max(au[6], au[12])
    canvas.fill("relief", ellipse(0.54, 0.26 - 0.08 * smile, 0.25, 0.19 + 0.03 * smile), 146 + 26 * smile, both=True)
    y, wing = _nose_place(person, au)
    x = np.array([-0.14, -0.07, 0.07, 0.14])
    canvas.fill("relief", ring(x, np.array([y, *[person.eye_y - 0.12] * 2, y]), np.full(4, y)), 170, 0.15)
    canvas.fill("relief", ellipse(0, y - 0.03, 0.14, 0.11), 200, 0.25)
    canvas.fill("relief", ellipse(wing - 0.06, y, 0.08, 0.08), 165, 0.12, both=True)
    canvas.fill("relief", ellipse(0, person.chin + drop - 0.2, 0.24, 0.13), 150 + 20 * au[17])
    canvas.fill("tone", ellipse(0, person.mouth_y + drop + 0.2, 0.2, 0.045), (0.84 - 0.15 * au[17]) * person.skin)


def _crease(
    canvas: Canvas,
    person: Person,
    nodes: tuple[tuple[float, float], ...],
    depth: float,
    width: float = 0.04,
    both: bool = False,
) -> None:
    """A fold of the skin through ``nodes``, ``depth`` 0 (none, and then not drawn) to 1 (black)."""
    if depth > 0.03:
        fold = smooth(*nodes, samples=6)
        canvas.line("tone", fold, (1 - depth) * person.skin, width, both=both)
    if depth > 0.12:
        canvas.line("relief", fold, 128 - 110 * depth, width, both=both)


def _folds(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """The folds from nose to mouth (deep in a smile or in disgust) and those under the eyes."""
    depth = 0.08 + 0.12 * person.age + 0.2 * au[12] + 0.25 * au[9] + 0.2 * au[10] + 0.06 * au[15]
    wide = person.mouth_width + 0.12 + 0.14 * au[12] + 0.06 * au[20]
    y, wing = _nose_place(person, au)
    fold = ((wing + 0.05, y - 0.04), (wide - 0.04, person.mouth_y - 0.2), (wide, person.mouth_y + 0.05))
    _crease(canvas, person, fold, min(depth, 0.45), 0.05, both=True)
    y = person.eye_y + 0.17 - 0.03 * au[6]
    bag = ((person.eye_x - 0.2, y), (person.eye_x, y + 0.07), (person.eye_x + 0.2, y - 0.01))
    _crease(canvas, person, bag, 0.04 + 0.1 * person.age + 0.14 * au[6] + 0.1 * au[7], both=True)


def _wrinkles(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """The lines that AUs 1, 2 (forehead), 4 (between the brows), 6 (crow's feet) and 9 (root of the nose) draw."""
    y, old = person.eye_y, 0.4 + person.age
    _crease(canvas, person, ((0.06, y - 0.36), (0.07, y - 0.14)), 0.4 * au[4], both=True)
    for step in (-1, 1):
        _crease(canvas, person, ((0.7, y + 0.02), (0.86, y + 0.08 * step)), 0.2 * au[6] * old, 0.03, both=True)
    for row in range(3):
        half, high = 0.25 + 0.3 * au[2], y - 0.52 - 0.13 * row - 0.05 * au[1]
        forehead = ((-half, high), (0, high + 0.04 - 0.06 * au[1]), (half, high))
        _crease(canvas, person, forehead, 0.05 * person.age + 0.16 * max(au[1], au[2]) * old, 0.035)
    for row in range(2):
        root = y + 0.06 + 0.11 * row
        _crease(canvas, person, ((-0.14, root + 0.04), (0, root - 0.02), (0.14, root + 0.04)), 0.38 * au[9])


def _nose_place(person: Person, au: np.ndarray) -> tuple[float, float]:
    """How low the nose ends and half its width: AU 9 draws it up, AUs 9 and 12 widen it."""
    return person.nose_y - 0.07 * au[9], person.nose_width * (1 + 0.15 * au[9] + 0.1 * au[12])


def _nose(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """Wings and nostrils; the ridge is all relief."""
    y, wing = _nose_place(person, au)
    side = smooth((wing - 0.01, y - 0.09), (wing + 0.04, y), (wing - 0.06, y + 0.08))
    canvas.line("tone", side, 0.74 * person.skin, 0.03, 0.1, both=True)
    canvas.fill("tone", ellipse(0.5 * wing, y + 0.06, 0.06, 0.03), 0.4 * person.skin, 0.15, both=True)


def _eyes(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """AU 5 raises the upper lid; AUs 6, 7 and 9 narrow the eye, mostly from below."""
    opening, middle = person.eye_opening, person.eye_y - person.eye_tilt * T
    upper = opening * (1 + 0.75 * au[5] - 0.3 * au[7] - 0.25 * au[6] - 0.35 * au[9] - 0.15 * au[4] * (1 - au[5]))
    lower = opening * (0.75 + 0.2 * au[5] - 0.45 * au[7] - 0.5 * au[6] - 0.4 * au[9])
    x, top, bottom = person.eye_x + person.eye_width * T, middle - max(upper, 0.02) * ARC, middle + max(lower, 0) * ARC
    canvas.fill("tone", ring(x, top, bottom), min(235, 105 + 0.55 * person.skin), both=True)
    for side in (-1, 1):
        for radius, tone in ((0.11, person.iris), (0.05, 10)):
            disc = ellipse(person.eye_x + side * person.gaze, person.eye_y - 0.01, radius, radius)
            disc[:, 1] = np.clip(disc[:, 1], np.interp(disc[:, 0], x, top), np.interp(disc[:, 0], x, bottom))
            canvas.fill("tone", disc * (side, 1), tone)
        # Both eyes mirror the same light, so the glint is on the same side of each.
        at = side * person.eye_x + person.gaze + 0.035
        canvas.fill("tone", ellipse(at, person.eye_y - 0.045, 0.022, 0.022), 230)
    canvas.line("tone", curve(x, bottom)[::2], 0.64 * person.skin, 0.02, both=True)
    canvas.line("tone", curve(x, top - 0.055 - 0.02 * au[5])[3::2], 0.7 * person.skin, 0.02, both=True)
    canvas.fill("tone", ring(x, top - 0.015 - 0.025 * ARC, top + 0.015), 0.2 * person.skin, both=True)


def _brows(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """AU 1 raises the inner ends, AU 2 the outer ones, AU 4 lowers and draws together; 1 with 4 gives the slant."""
    y = person.eye_y - person.brow_gap + 0.05 * au[9]
    inner = y + 0.03 - 0.17 * au[1] + 0.18 * au[4] * (1 - 0.78 * au[1])
    middle = y - person.brow_arch - 0.15 * au[2] - 0.05 * au[1] * (1 - au[4]) + 0.1 * au[4] * (1 - 0.6 * au[1])
    spine = smooth((0.17 - 0.07 * au[4], inner), (0.46, middle), (0.77, y + 0.05 - 0.15 * au[2] + 0.03 * au[4]))
    t = np.linspace(0, 1, len(spine))
    half = person.brow_thickness * (0.7 + 0.6 * t - 1.05 * t**2)
    brow = ring(spine[:, 0], spine[:, 1] - half, spine[:, 1] + half)
    canvas.fill("tone", brow, 0.8 * person.hair_tone + 0.12 * person.skin, 0.05, both=True)


def _mouth(canvas: Canvas, person: Person, au: np.ndarray, drop: float) -> None:
    """AU 12 pulls the corners up and out, 15 down, 20 out; 10 and 16 bare the teeth, 23 thins the lips, 26 opens."""
    x, top, bottom = _lips(person, au, drop)
    thin = 1 - 0.6 * au[23] - 0.25 * au[12] - 0.3 * au[20]
    upper = top - person.upper_lip * thin * ARC * (1 - 0.25 * np.exp(-((T / 0.22) ** 2)))
    lower = bottom + person.lower_lip * (thin + 0.1 * au[17]) * ARC
    lips = ring(x, upper, lower)
    canvas.fill("tone", lips, person.lip_tone * person.skin, 0.05)
    canvas.fill("relief", lips, 150, 0.05)
    canvas.fill("tone", ring(x, top, bottom), 25, 0.05)
    if au[26] > 0.3:
        tongue = ring(x, np.maximum(top, bottom - 0.12 * ARC), bottom)
        canvas.fill("tone", tongue[3:-3], 70, 0.05)
    bared = 0.03 + 0.06 * max(au[9], au[10], au[12], au[20])
    canvas.fill("tone", ring(x, top, np.minimum(top + bared, bottom))[3:-3], 205, 0.05)
    canvas.line("tone", curve(x, top)[::2], 0.3 * person.skin, 0.025, 0.05)


def _lips(person: Person, au: np.ndarray, drop: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges of the mouth's opening: x, upper and lower y along T; they are one where the mouth is closed."""
    wide = 1 + 0.36 * au[12] + 0.34 * au[20] - 0.15 * au[23] - 0.22 * au[26] - 0.05 * au[15]
    corner = -0.21 * au[12] + 0.16 * au[15] + 0.03 * au[20]
    line = person.mouth_y - 0.03 * au[17] - 0.03 * au[12] + corner * np.abs(T) ** 1.8 + 0.4 * drop * np.abs(T) ** 3
    parted = min(1.0, 4 * (au[25] + au[26] + au[16]))
    raised = parted * (0.1 * au[10] + 0.06 * au[9] + 0.02) * (1 - T**4)
    dropped = (0.08 * au[25] + 0.09 * au[16] + 1.3 * drop) * ARC
    return person.mouth_width * wide * T, line - raised, line + dropped
