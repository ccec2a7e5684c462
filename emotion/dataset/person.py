"""Who is drawn: a person's measures, and everything of a head that no facial muscle moves."""

from dataclasses import dataclass

import numpy as np

from emotion.dataset.drawing import Canvas, Random, between, curve, ellipse, ring, smooth, through

COSINE, SINE = np.cos(np.linspace(0, 2 * np.pi, 40)), np.sin(np.linspace(0, 2 * np.pi, 40))


@dataclass(frozen=True)
class Person(Random):
    """Who is drawn: places and sizes in face coordinates, tones in gray levels or as a part of the skin's.

    ``length`` of hair, ``beard``, ``glasses`` and ``hand`` show from a threshold on, so some people have them.
    """

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


def draw_head(canvas: Canvas, person: Person, drop: float) -> None:
    """Long hair, neck and shoulders, ears, and the head in front of them."""
    if person.length > 0.55:
        end, wide = 0.2 + 3.4 * (person.length - 0.55), 1.1 * person.volume
        left, right = ((-wide, end), (-1.2 * wide, -0.4)), ((1.2 * wide, -0.4), (wide, end))
        canvas.fill("tone", smooth(*left, (0, -1.9 * person.volume), *right, samples=25), 0.8 * person.hair_tone)
    neck = ring(np.array([-1.7, -0.66, -0.6, 0.6, 0.66, 1.7]), np.array([2, 1.45, 0.6, 0.6, 1.45, 2]), np.full(6, 2.8))
    canvas.fill("tone", neck, 0.62 * person.skin)
    canvas.fill("tone", ellipse(person.width, 0.03, 0.12, 0.26), 0.8 * person.skin, both=True)
    head = _outline(person, drop)
    canvas.fill("tone", head, person.skin)
    canvas.fill("head", head, 255)


def draw_beard(canvas: Canvas, person: Person, drop: float) -> None:
    """One in five has a beard, from stubble to full."""
    if person.beard < 0.8:
        return
    strength = 0.3 + 2.0 * (person.beard - 0.8)
    mouth, chin = person.mouth_y, person.chin + drop
    jaw = smooth((-0.97, 0.2), (-0.8, 0.82 * chin), (0, chin + 0.1), (0.8, 0.82 * chin), (0.97, 0.2), samples=17)
    right, left = ((0.93, 0.2), (0.62, mouth - 0.02)), ((-0.62, mouth - 0.02), (-0.93, 0.2))
    cheek = smooth(*right, (0, mouth - 0.25), *left, samples=17)
    tone = (1 - strength) * person.skin + strength * person.hair_tone
    canvas.fill("tone", np.concatenate([jaw, cheek]), tone)


def draw_hair(canvas: Canvas, person: Person, rng: np.random.Generator) -> None:
    """The hair on top, with a fringe; a few are bald."""
    if person.length < 0.07:
        return
    x = np.linspace(-1, 1, 21)
    edge = person.hairline + 0.22 * x**2 + 0.3 * person.parting * x + (0.7 + 0.3 * person.length) * np.abs(x) ** 9
    crown = _outline(person, 0.0, person.volume)[20:]
    fringe = curve(1.02 * person.width * x, edge)
    canvas.fill("tone", np.concatenate([fringe, crown[::-1]]), person.hair_tone)
    # Strands that end a little over the fringe's edge keep it from looking like a cap.
    tips = fringe[1::2] + curve(np.zeros(10), rng.uniform(-0.05, 0.09, 10))
    roots = np.full_like(tips, (-0.5 * person.parting, -1.2 * person.volume))
    strands = through(3, 5) @ np.stack([roots, tips * (0.75, 0.5) - (0, 0.6), tips], axis=1)
    for first, light in enumerate((0.72, 0.9, 1.1, 1.3)):
        canvas.line("tone", strands[first::4], light * person.hair_tone, 0.07)


def draw_glasses(canvas: Canvas, person: Person) -> None:
    """About one in eight wears glasses."""
    if person.glasses < 0.87:
        return
    x, y, height = person.eye_x, person.eye_y, 0.16 + 0.7 * (person.glasses - 0.87)
    canvas.line("tone", ellipse(x + 0.02, y + 0.03, 0.3, height), 40, 0.035, 0.15, both=True)
    canvas.line("tone", np.array([(x + 0.32, y), (1.0, y - 0.05)]), 40, 0.035, 0.1, both=True)
    canvas.line("tone", smooth((0.3 - x, y), (0, y - 0.04), (x - 0.3, y)), 40, 0.035, 0.2)


def draw_hand(canvas: Canvas, person: Person, rng: np.random.Generator) -> None:
    """Now and then the fingers of a hand lie on a cheek and hide a part of the face."""
    if person.hand < 0.93:
        return
    side, (left, top) = rng.choice([-1, 1]), rng.uniform((0.25, 0.25), (0.6, 0.6))
    for finger in (3, 2, 1, 0):
        tip = (left + 0.17 * finger, top + 0.04 * (finger - 1) ** 2)
        reach = smooth(tip, (left + 0.3 + 0.14 * finger, 1.1), (left + 0.4 + 0.12 * finger, 2.2), samples=5) * (side, 1)
        canvas.line("tone", reach, 0.66 * person.skin, 0.21, 0.2)
        canvas.line("tone", reach - np.array((0.01 * side, -0.02)), 0.92 * person.skin, 0.17, 0.2)


def _outline(person: Person, drop: float, grow: float = 1.0) -> np.ndarray:
    """The outline of the head, clockwise from its right, float (40, 2); an open jaw lowers the chin by ``drop``."""
    x = person.width * np.sign(COSINE) * np.abs(COSINE) ** np.where(SINE > 0, person.jaw, 0.85)
    return grow * curve(x, np.where(SINE > 0, person.chin + drop, 1.28) * SINE)
