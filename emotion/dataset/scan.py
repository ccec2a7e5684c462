"""One pass over all files of a dataset: what the doctor goes by, kept so that the next time takes no decoding."""

import json
import logging
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import files_key, fit
from emotion.errors import UserError
from emotion.files import decode_image, reading, write_atomic
from emotion.homes import cache_folder
from emotion.jobs import Progress, in_chunks

log = logging.getLogger(__name__)
SIZE = (48, 48)
"""Height and width in which brightness, contrast and sharpness are measured, so that they compare between images."""
_KEPT = 20
"""Files of facts kept at most; the oldest go first."""


@dataclass(frozen=True)
class Facts:
    """What is known of each file, N rows in the order of ``Dataset.everything``.

    ``brightness`` (mean, 0 to 255), ``contrast`` (standard deviation) and ``sharpness`` (variance of the Laplacian:
    J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000) are float32 (N,), measured
    on the gray image of 48×48, NaN where the file is unreadable. ``width`` and ``height`` int32 (N,) in pixels;
    ``mode``, strings (N,): Pillow's name for the kind of pixels, such as ``"L"``, ``"RGB"`` or ``"P animated"``.
    ``digest`` uint64 (N, 2): equal where the decoded gray pixels are equal, whatever the compression. ``hash`` uint64
    (N,): see ``perceptual_hash``. ``unreadable``: row → why, in sentences as ``error_text`` shows them.
    """

    brightness: np.ndarray
    contrast: np.ndarray
    sharpness: np.ndarray
    width: np.ndarray
    height: np.ndarray
    mode: np.ndarray
    digest: np.ndarray
    hash: np.ndarray
    unreadable: dict[int, UserError]

    @property
    def readable(self) -> np.ndarray:
        """Where the file could be decoded whole, bool (N,)."""
        return ~np.isnan(self.brightness)


def scan(dataset: Dataset, progress: Progress | None = None) -> Facts:
    """Look at every file of ``dataset`` once, on all cores; an unchanged dataset is not looked at again.

    ``progress`` is told (files done, files in all).
    """
    file = _file(dataset)
    facts = _read(file)
    if facts is None:
        facts = _look(dataset, progress)
        _keep(file, facts)
    return facts


def kept_facts(dataset: Dataset) -> Facts | None:
    """What an earlier ``scan`` found, if no file has changed since."""
    return _read(_file(dataset))


def perceptual_hash(pixels: np.ndarray) -> np.ndarray:
    """A hash that alike images have nearly in common: gray (M, 48, 48) → uint64 (M,).

    Of the discrete cosine transform the 8×8 lowest frequencies but the constant ones are compared with their median:
    C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section 3.2.1, which takes
    the image in 32×32.
    """
    waves = np.cos(np.pi / SIZE[0] * np.outer(np.arange(1, 9), np.arange(SIZE[0]) + 0.5)).astype(np.float32)
    coefficients = (waves @ pixels.astype(np.float32, copy=False) @ waves.T).reshape(-1, 64)
    bits = coefficients > np.median(coefficients, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _look(dataset: Dataset, progress: Progress | None) -> Facts:
    paths = dataset.everything.paths
    count = len(paths)
    brightness, contrast, sharpness = np.full((3, count), np.nan, np.float32)
    width, height = np.zeros((2, count), np.int32)
    mode, digest, hashes = np.zeros(count, "U16"), np.zeros((count, 2), np.uint64), np.zeros(count, np.uint64)
    facts = Facts(brightness, contrast, sharpness, width, height, mode, digest, hashes, {})
    for _ in in_chunks(lambda rows: _look_at(f"{dataset.root}/", paths, rows, facts), count, progress):
        pass
    return replace(facts, unreadable=dict(sorted(facts.unreadable.items())))


def _look_at(start: str, paths: tuple[str, ...], rows: range, facts: Facts) -> None:
    """Fill in the facts of ``rows``; small copies of these few images are all that is held at a time."""
    small = []
    for row in rows:
        try:
            small.append(fit(_open(start + paths[row], row, facts), SIZE))
        except UserError as error:
            facts.unreadable[row] = error
    # All at once: each step image by image would hand Python's lock from thread to thread for microseconds of work.
    found = np.array([row for row in rows if row not in facts.unreadable], np.int64)
    pixels = np.array(small, np.float32).reshape(-1, *SIZE)
    facts.brightness[found], facts.contrast[found] = pixels.mean(axis=(1, 2)), pixels.std(axis=(1, 2))
    facts.sharpness[found] = _laplacian(pixels).var(axis=(1, 2))
    facts.hash[found] = perceptual_hash(pixels)


def _laplacian(pixels: np.ndarray) -> np.ndarray:
    """The sum of the four neighbours less four times the pixel, (M, H, W) → (M, H - 2, W - 2)."""
    middle = pixels[:, 1:-1, 1:-1]
    return pixels[:, :-2, 1:-1] + pixels[:, 2:, 1:-1] + pixels[:, 1:-1, :-2] + pixels[:, 1:-1, 2:] - 4 * middle


def _open(path: str, row: int, facts: Facts) -> np.ndarray:
    """The whole gray image of a file; notes its form and its digest."""
    with reading(path), open(path, "rb") as file:
        data = file.read()
    # imdecode refuses a file whose end is missing; imread would give what there is of it.
    gray = decode_image(data, path, gray=True)
    facts.height[row], facts.width[row] = gray.shape
    facts.mode[row] = _mode(data)
    seal = blake2b(gray.data, digest_size=16, person=f"{gray.shape[0]}x{gray.shape[1]}".encode())
    facts.digest[row] = np.frombuffer(seal.digest(), np.uint64)
    return gray


def _mode(data: bytes) -> str:
    """Pillow's name of the kind of pixels, from the header alone; "?" for a file of a kind it does not know."""
    try:
        with Image.open(BytesIO(data)) as image:
            # A phone's MPO is a photo with previews in it, and nothing that moves.
            moves = getattr(image, "is_animated", False) and image.format != "MPO"
            return f"{image.mode} animated" if moves else image.mode
    except (OSError, ValueError):
        return "?"


def _file(dataset: Dataset) -> Path:
    return cache_folder() / "facts" / f"{files_key(dataset.root, dataset.everything.paths)}.npz"


def _read(file: Path) -> Facts | None:
    """The kept facts; None where there are none or the file is damaged."""
    try:
        with file.open("rb") as stream, np.load(stream) as kept:
            reasons = json.loads(kept["unreadable"].tobytes())
            unreadable = {int(row): UserError(template, **values) for row, (template, values) in reasons.items()}
            arrays = {field.name: kept[field.name] for field in fields(Facts) if field.name != "unreadable"}
        return Facts(**arrays, unreadable=unreadable)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _keep(file: Path, facts: Facts) -> None:
    """Write the facts; a disk without room costs the copy, not the work."""
    arrays = {field.name: getattr(facts, field.name) for field in fields(Facts)}
    reasons = {row: (error.template, error.values) for row, error in sorted(facts.unreadable.items())}
    arrays["unreadable"] = np.frombuffer(json.dumps(reasons, default=str).encode(), np.uint8)
    stream = BytesIO()
    np.savez(stream, **arrays)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, stream.getvalue())
        for old in sorted(file.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the facts are not kept for the next time: %s", error)
