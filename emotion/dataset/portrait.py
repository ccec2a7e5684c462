"""A drawn face: who it is, and what each facial action unit does to it.

The action units (AUs) are those of the Facial Action Coding System (P. Ekman and W. V. Friesen, "Facial Action Coding
System", Consulting Psychologists Press, 1978). ``au`` is a float array indexed by the unit's number, 0 at rest to 1.
"""

from dataclasses import dataclass

import numpy as np

from emotion.dataset.drawing import Canvas, Random, View, background, between, ellipse, photograph, ring, smooth

UNITS = 28  # One place for each AU number up to 27.
T = np.linspace(-1, 1, 17)  # From the left end of an eye or a mouth to the right one.
ARC = (1 - T**2) ** 0.65  # The opening of an eye or a mouth along T.


@dataclass(frozen=True)
class Person(Random):
    """Who is drawn: places and sizes in face coordinates, tones in gray levels or as a part of the skin's."""

    width: float = between(0.92, 1.08)
    chin: float = between(1.06, 1.24)
    jaw: float = between(0.6, 1.0)
    age: float = between(0.0, 1.0)
    skin: float = between(100, 210)
    hair: float = between(0.0, 1.0)
    hairline: float = between(-1.1, -0.74)
    volume: float = between(1.02, 1.2)
    length: float = between(0.0, 1.0)
    parting: float = between(-0.7, 0.7)
    eye_x: float = between(0.39, 0.47)
    eye_y: float = between(-0.22, -0.12)
    eye_width: float = between(0.2, 0.25)
    eye_opening: float = between(0.08, 0.115)
    eye_tilt: float = between(-0.03, 0.04)
    gaze: float = between(-0.05, 0.05)
    iris: float = between(20, 85)
    brow_gap: float = between(0.2, 0.28)
    brow_arch: float = between(0.02, 0.1)
    brow_thickness: float = between(0.03, 0.065)
    nose_y: float = between(0.28, 0.38)
    nose_width: float = between(0.17, 0.27)
    mouth_y: float = between(0.64, 0.74)
    mouth_width: float = between(0.3, 0.4)
    upper_lip: float = between(0.05, 0.09)
    lower_lip: float = between(0.07, 0.12)
    lip_tone: float = between(0.58, 0.85)
    beard: float = between(0.0, 1.0)
    glasses: float = between(0.0, 1.0)
    hand: float = between(0.0, 1.0)

    @property
    def hair_tone(self) -> float:
        """Mostly dark, seldom fair, and gray in old age."""
        return 18 + 0.75 * self.skin * (self.hair**2.5 if self.age < 0.85 else 0.4 + 0.6 * self.hair)


def draw(person: Person, au: np.ndarray, view: View, rng: np.random.Generator) -> np.ndarray:
    """The portrait, uint8 (48, 48)."""
    canvas = Canvas(view, background(view, rng))
    drop = 0.26 * au[26] + 0.15 * au[27]
    _head(canvas, person, drop)
    _relief(canvas, person, au, drop)
    _folds(canvas, person, au)
    _wrinkles(canvas, person, au)
    _beard(canvas, person, drop)
    _hair(canvas, person, rng)
    canvas.draw()
    canvas.soften()
    _nose(canvas, person, au)
    _mouth(canvas, person, au, drop)
    _eyes(canvas, person, au)
    _brows(canvas, person, au)
    _glasses(canvas, person)
    _hand(canvas, person, rng)
    canvas.draw()
    return photograph(canvas, view, rng)


def _outline(person: Person, drop: float, grow: float = 1.0) -> np.ndarray:
    """The outline of the head, clockwise from its right, float (40, 2); an open jaw lowers the chin by ``drop``."""
    angle = np.linspace(0, 2 * np.pi, 40)
    cosine, sine = np.cos(angle), np.sin(angle)
    x = person.width * np.sign(cosine) * np.abs(cosine) ** np.where(sine > 0, person.jaw, 0.85)
    return grow * np.column_stack([x, np.where(sine > 0, (person.chin + drop) * sine, 1.28 * sine)])


def _head(canvas: Canvas, person: Person, drop: float) -> None:
    """Long hair, neck and shoulders, ears, and the head in front of them."""
    if person.length > 0.55:
        end = 0.2 + 3.4 * (person.length - 0.55)
        wide = 1.1 * person.volume
        long = smooth(
            (-wide, end), (-1.2 * wide, -0.4), (0, -1.9 * person.volume), (1.2 * wide, -0.4), (wide, end), samples=25
        )
        canvas.fill("tone", long, 0.8 * person.hair_tone)
    neck = ring(np.array([-1.7, -0.66, -0.6, 0.6, 0.66, 1.7]), np.array([2, 1.45, 0.6, 0.6, 1.45, 2]), np.full(6, 2.8))
    canvas.fill("tone", neck, 0.62 * person.skin)
    canvas.fill("tone", ellipse(person.width, 0.03, 0.12, 0.26), 0.8 * person.skin, both=True)
    head = _outline(person, drop)
    canvas.fill("tone", head, person.skin)
    canvas.fill("head", head, 255)


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
    canvas: Canvas, person: Person, nodes: tuple, depth: float, width: float = 0.04, both: bool = False
) -> None:
    """A fold of the skin through ``nodes``, ``depth`` 0 (none, and then not drawn) to 1 (black)."""
    if depth > 0.03:
        curve = smooth(*nodes, samples=6)
        canvas.line("tone", curve, (1 - depth) * person.skin, width, both=both)
        canvas.line("relief", curve, 128 - 110 * depth, width, both=both)


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
    _crease(canvas, person, ((0.06, y - 0.36), (0.07, y - 0.14)), 0.35 * au[4], both=True)
    for step in (-1, 1):
        _crease(canvas, person, ((0.7, y + 0.02), (0.86, y + 0.08 * step)), 0.2 * au[6] * old, 0.03, both=True)
    for row in range(3):
        half, high = 0.25 + 0.3 * au[2], y - 0.52 - 0.13 * row - 0.05 * au[1]
        forehead = ((-half, high), (0, high + 0.04 - 0.06 * au[1]), (half, high))
        _crease(canvas, person, forehead, 0.05 * person.age + 0.16 * max(au[1], au[2]) * old, 0.035)
    for row in range(2):
        root = y + 0.06 + 0.11 * row
        _crease(canvas, person, ((-0.14, root + 0.04), (0, root - 0.02), (0.14, root + 0.04)), 0.38 * au[9])


def _beard(canvas: Canvas, person: Person, drop: float) -> None:
    if person.beard < 0.8:
        return
    strength = 0.3 + 2.0 * (person.beard - 0.8)
    mouth, chin = person.mouth_y, person.chin + drop
    jaw = smooth((-0.97, 0.2), (-0.8, 0.82 * chin), (0, chin + 0.1), (0.8, 0.82 * chin), (0.97, 0.2), samples=17)
    cheek = smooth(
        (0.93, 0.2), (0.62, mouth - 0.02), (0.0, mouth - 0.25), (-0.62, mouth - 0.02), (-0.93, 0.2), samples=17
    )
    tone = (1 - strength) * person.skin + strength * person.hair_tone
    canvas.fill("tone", np.concatenate([jaw, cheek]), tone)


def _nose_place(person: Person, au: np.ndarray) -> tuple[float, float]:
    """How low the nose ends and half its width: AU 9 draws it up, AUs 9 and 12 widen it."""
    return person.nose_y - 0.07 * au[9], person.nose_width * (1 + 0.15 * au[9] + 0.1 * au[12])


def _nose(canvas: Canvas, person: Person, au: np.ndarray) -> None:
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
    glint = ellipse(0.035, person.eye_y - 0.045, 0.022, 0.022)
    canvas.fill("tone", glint + (person.eye_x + person.gaze, 0), 230)
    canvas.fill("tone", glint - (person.eye_x - person.gaze, 0), 230)
    canvas.line("tone", np.column_stack([x, bottom]), 0.64 * person.skin, 0.02, both=True)
    canvas.line("tone", np.column_stack([x, top - 0.055 - 0.02 * au[5]])[3:-1], 0.7 * person.skin, 0.02, both=True)
    canvas.line("tone", np.column_stack([x, top]), 0.2 * person.skin, 0.05, both=True)


def _brows(canvas: Canvas, person: Person, au: np.ndarray) -> None:
    """AU 1 raises the inner ends, AU 2 the outer ones, AU 4 lowers and draws together; 1 with 4 gives the slant."""
    y = person.eye_y - person.brow_gap + 0.05 * au[9]
    inner = y + 0.03 - 0.17 * au[1] + 0.15 * au[4] * (1 - 0.75 * au[1])
    middle = y - person.brow_arch - 0.15 * au[2] - 0.05 * au[1] * (1 - au[4]) + 0.09 * au[4] * (1 - 0.6 * au[1])
    spine = smooth((0.17 - 0.06 * au[4], inner), (0.46, middle), (0.77, y + 0.05 - 0.15 * au[2] + 0.03 * au[4]))
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
    tongue = ring(x, np.maximum(top, bottom - 0.12 * ARC), bottom)
    if au[26] > 0.3:
        canvas.fill("tone", tongue[3:-3], 70, 0.05)
    bared = 0.03 + 0.06 * max(au[9], au[10], au[12], au[20])
    canvas.fill("tone", ring(x, top, np.minimum(top + bared, bottom))[3:-3], 205, 0.05)
    canvas.line("tone", np.column_stack([x, top]), 0.3 * person.skin, 0.025, 0.05)


def _lips(person: Person, au: np.ndarray, drop: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges of the mouth's opening: x, upper and lower y along T; they are one where the mouth is closed."""
    wide = 1 + 0.36 * au[12] + 0.34 * au[20] - 0.15 * au[23] - 0.22 * au[26] - 0.05 * au[15]
    corner = -0.21 * au[12] + 0.16 * au[15] + 0.03 * au[20]
    line = person.mouth_y - 0.03 * au[17] - 0.03 * au[12] + corner * np.abs(T) ** 1.8 + 0.4 * drop * np.abs(T) ** 3
    parted = min(1.0, 4 * (au[25] + au[26] + au[16]))
    raised = parted * (0.1 * au[10] + 0.06 * au[9] + 0.02) * (1 - T**4)
    dropped = (0.08 * au[25] + 0.09 * au[16] + 1.3 * drop) * ARC
    return person.mouth_width * wide * T, line - raised, line + dropped


def _hair(canvas: Canvas, person: Person, rng: np.random.Generator) -> None:
    if person.length < 0.07:
        return
    x = np.linspace(-1, 1, 21)
    edge = person.hairline + 0.22 * x**2 + 0.3 * person.parting * x + (0.7 + 0.3 * person.length) * np.abs(x) ** 9
    crown = _outline(person, 0.0, person.volume)[20:]
    fringe = np.column_stack([1.02 * person.width * x, edge])
    canvas.fill("tone", np.concatenate([fringe, crown[::-1]]), person.hair_tone)
    # Strands that end a little over the fringe's edge keep it from looking like a cap.
    for at, light, over in zip(range(1, 20, 2), rng.uniform(0.7, 1.35, 10), rng.uniform(-0.05, 0.09, 10), strict=True):
        root = (-0.5 * person.parting, -1.2 * person.volume)
        bend = (0.75 * fringe[at, 0], 0.5 * (edge[at] - 1.2))
        strand = smooth(root, bend, (fringe[at, 0], edge[at] + over), samples=5)
        canvas.line("tone", strand, light * person.hair_tone, 0.07)


def _glasses(canvas: Canvas, person: Person) -> None:
    if person.glasses < 0.87:
        return
    x, y, height = person.eye_x, person.eye_y, 0.16 + 0.7 * (person.glasses - 0.87)
    canvas.line("tone", ellipse(x + 0.02, y + 0.03, 0.3, height), 40, 0.035, 0.15, both=True)
    canvas.line("tone", np.array([(x + 0.32, y), (1.0, y - 0.05)]), 40, 0.035, 0.1, both=True)
    canvas.line("tone", smooth((0.3 - x, y), (0, y - 0.04), (x - 0.3, y)), 40, 0.035, 0.2)


def _hand(canvas: Canvas, person: Person, rng: np.random.Generator) -> None:
    """Now and then fingers lie on a cheek and hide a part of the face."""
    if person.hand < 0.93:
        return
    side, (left, top) = rng.choice([-1, 1]), rng.uniform((0.25, 0.25), (0.6, 0.6))
    for finger in (3, 2, 1, 0):
        tip = (left + 0.17 * finger, top + 0.04 * (finger - 1) ** 2)
        reach = smooth(tip, (left + 0.3 + 0.14 * finger, 1.1), (left + 0.4 + 0.12 * finger, 2.2), samples=5) * (side, 1)
        canvas.line("tone", reach, 0.66 * person.skin, 0.21, 0.2)
        canvas.line("tone", reach + (-0.01 * side, 0.02), 0.92 * person.skin, 0.17, 0.2)
