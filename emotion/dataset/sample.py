"""The built-in sample dataset: faces drawn by a program, so that everything works before a dataset is at hand.

FER2013 may not be shipped. These faces have its form (48×48 gray, seven classes) and differ by the same facial action
units (AUs) that people's faces show: the Facial Action Coding System (P. Ekman and W. V. Friesen, 1978) names the
units, EMFACS ("EMFACS-7", W. V. Friesen and P. Ekman, 1983) says which of them go with which emotion.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from emotion.dataset.drawing import View
from emotion.dataset.person import Person
from emotion.dataset.portrait import UNITS, draw
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.files import folder_in_the_making, write_image, write_json, writing
from emotion.i18n import N_
from emotion.labels import EMOTIONS

TITLE = N_("Drawn faces")
TERMS = "Drawn by this program, not photographs: free to use like its code (MIT)."


@dataclass(frozen=True)
class Expression:
    """What an emotion does to a face: AU number → intensity 0..1, for units ``always`` and ``sometimes`` seen."""

    always: dict[int, float] = field(default_factory=dict)
    sometimes: dict[int, float] = field(default_factory=dict)


# The prototypes of EMFACS under ``always``, parts of their variants under ``sometimes``:
# 1 inner and 2 outer brow raiser, 4 brow lowerer, 5 upper lid raiser, 6 cheek raiser, 7 lid tightener, 9 nose
# wrinkler, 10 upper lip raiser, 12 lip corner puller, 15 lip corner depressor, 16 lower lip depressor, 17 chin raiser,
# 20 lip stretcher, 23 lip tightener, 25 lips part, 26 jaw drop, 27 mouth stretch.
EXPRESSIONS = {
    "angry": Expression({4: 1.0, 5: 0.5, 7: 0.7, 23: 1.0}, {10: 0.4, 17: 0.6, 25: 0.5}),
    "disgust": Expression({9: 1.0, 15: 0.5, 16: 0.6}, {4: 0.4, 10: 0.8, 17: 0.5, 25: 0.4}),
    "fear": Expression({1: 1.0, 2: 0.7, 4: 0.5, 5: 1.0, 20: 1.0, 26: 0.4}, {7: 0.3, 25: 0.6}),
    "happy": Expression({6: 0.8, 12: 1.0}, {25: 1.0, 26: 0.3}),
    "neutral": Expression(),
    "sad": Expression({1: 1.0, 4: 0.6, 15: 1.0}, {6: 0.3, 17: 0.7, 25: 0.2}),
    "surprise": Expression({1: 1.0, 2: 1.0, 5: 0.9, 26: 1.0}, {25: 0.6, 27: 0.7}),
}
STRENGTH = (0.5, 1.0)
# Two units that have nothing to do with the emotion may be in play a little.
STRAY, STRAY_UNITS = 0.2, np.array([1, 2, 4, 5, 6, 7, 10, 12, 15, 17, 20, 23, 25])


def draw_face(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a new person who shows ``emotion`` (a key of ``EXPRESSIONS``), more or less strongly, uint8 (48, 48)."""
    return draw(Person.random(rng), action_units(emotion, rng), View.random(rng), rng)


def action_units(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """The intensity of each AU in one face, float (28,) indexed by the AU's number, 0 to 1."""
    expression, strength = EXPRESSIONS[emotion], rng.uniform(*STRENGTH)
    intensities = np.zeros(UNITS)
    intensities[rng.choice(STRAY_UNITS, 2)] = rng.uniform(0, STRAY, 2)
    shown = expression.always | {unit: peak for unit, peak in expression.sometimes.items() if rng.random() < 0.5}
    for unit, peak in shown.items():
        intensities[unit] = peak * strength * rng.uniform(0.8, 1.2)
    return np.clip(intensities, 0, 1)


def write_sample(
    destination: Path, images: int = 2100, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write a sample dataset to ``destination``, ``images`` balanced over seven classes, 80/10/10, and return it.

    ``<split>/<class>/<split>_00000.png`` and ``dataset.json``, whose ``"synthetic": true`` tells that nobody was
    photographed. The same ``seed`` gives the same bytes. ``progress(done, images)`` is told about every hundredth.

    Raises UserError for fewer than 21 images (one a class and split), a negative seed, or a destination that holds
    anything but an earlier sample, which is replaced, or that can't be written.
    """
    _check(destination, images, seed)
    with writing(destination), folder_in_the_making(destination) as folder:
        for split, emotion in product(SPLITS, EXPRESSIONS):
            (folder / split / emotion).mkdir(parents=True)
        for done, (split, emotion, number) in enumerate(_plan(images), 1):
            # A generator for each image: the first images of a sample stay the same when more are asked for.
            face = draw_face(emotion, np.random.default_rng((seed, SPLITS.index(split), number)))
            write_image(folder / split / emotion / f"{split}_{number:05d}.png", face)
            if progress and (done % max(1, images // 100) == 0 or done == images):
                progress(done, images)
        card = {"title": TITLE, "terms": TERMS, "synthetic": True, "seed": seed, "images": images}
        write_json(folder / "dataset.json", card)
    return destination


def _plan(images: int) -> Iterator[tuple[str, str, int]]:
    """Split, class and number of each image; classes take turns, so that they are as equal as can be."""
    held_out = max(len(EMOTIONS), round(images / 10))
    for split, count in zip(SPLITS, (images - 2 * held_out, held_out, held_out), strict=True):
        for number in range(count):
            yield split, EMOTIONS[number % len(EMOTIONS)].key, number


def _check(destination: Path, images: int, seed: int) -> None:
    least = len(EMOTIONS) * len(SPLITS)
    if images < least:
        raise UserError(
            "A sample needs at least {least} images (one for each class and split), not {images}. Ask for more.",
            least=least,
            images=images,
        )
    if seed < 0:
        raise UserError("The seed must be 0 or more, not {seed}. Give another one.", seed=seed)
    if destination.exists() and not (destination.is_dir() and (_is_empty(destination) or _is_sample(destination))):
        raise UserError(
            "{path} exists and is not a sample dataset, so it is left alone. Give a new or an empty folder.",
            path=destination,
        )


def _is_empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None


def _is_sample(folder: Path) -> bool:
    """Whether the folder says in its ``dataset.json`` that its faces were drawn."""
    try:
        card = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(card, dict) and card.get("synthetic") is True
