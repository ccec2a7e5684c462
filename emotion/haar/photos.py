"""Photos to look for faces in: a sample that is in the public domain, and whatever a person uploads."""

import io
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from emotion import MEGAPIXELS_AT_MOST
from emotion.files import decode_image, reading, too_large, unreadable

_SCALED_AT_MOST = 80  # Megapixels. Pillow warns from 89 on.
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")


def astronaut() -> np.ndarray:
    """Eileen Collins in 1993: ``bgr`` uint8 (512, 512, 3). NASA, public domain; a copy, free to draw on."""
    return _astronaut().copy()


@cache
def _astronaut() -> np.ndarray:
    from skimage import data  # Here, because scikit-image takes a third of a second to import.

    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)


def webcam_still() -> np.ndarray:
    """The astronaut as a webcam would show her: ``bgr`` uint8 (480, 640, 3), the frame size the deck works with."""
    return cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_LINEAR)


def background_photos() -> list[np.ndarray]:
    """Photos without a face that come with scikit-image, gray uint8 (H, W): stuff, a table, a page, the sky."""
    from skimage import data

    colour = [data.coffee(), data.rocket(), data.hubble_deep_field()]
    return [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in colour] + [
        data.brick(), data.grass(), data.gravel(), data.moon(), data.page(), data.text(), data.clock()
    ]  # fmt: skip


def open_photo(data: bytes, name: str) -> np.ndarray:
    """Decode an uploaded photo: ``bgr`` uint8 (H, W, 3), turned upright by its EXIF note.

    Raises UserError, naming ``name``, for a file that is no PNG, JPEG, BMP or WebP image, whatever its ending says, and
    for one over 40 megapixels. The size is read from its header, before anything is decoded: a small file can decode
    to gigabytes.
    """
    megapixels = _megapixels(data)
    if megapixels is not None and megapixels > MEGAPIXELS_AT_MOST:
        raise too_large(name, MEGAPIXELS_AT_MOST)
    if megapixels is None:  # OpenCV decodes more formats than Pillow was asked about, however large.
        raise unreadable(data, name)
    return decode_image(data, name)


class ScaledPhoto(NamedTuple):
    """A photo, ``bgr`` uint8 (H, W, 3), and the ``width`` and ``height`` that it had before it was scaled down."""

    bgr: np.ndarray
    width: int
    height: int

    @property
    def scaled(self) -> bool:
        """Whether it was: worth a note."""
        return self.bgr.shape[:2] != (self.height, self.width)

    @property
    def scale(self) -> np.float32:
        """Pixels of the file in a pixel of the photo: 1 or more."""
        return np.float32(self.width / self.bgr.shape[1])


LONGEST = 1280
"""Pixels of the longer side in which a photo's faces are looked for."""


def open_scaled(data: bytes, name: str, longest: int) -> ScaledPhoto:
    """Decode an uploaded photo as ``open_photo`` does, and scale it down to ``longest`` pixels on its longer side.

    Takes photos of up to 80 megapixels; raises UserError for a larger one and for what is none.
    """
    megapixels = _megapixels(data)
    if megapixels is None or megapixels <= MEGAPIXELS_AT_MOST:
        photo = open_photo(data, name)
        return ScaledPhoto(shrink(photo, longest), photo.shape[1], photo.shape[0])
    if megapixels > _SCALED_AT_MOST:
        raise too_large(name, _SCALED_AT_MOST)
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        try:  # A PNG is decoded when it is asked for its EXIF note.
            turned = image.getexif().get(Base.Orientation, 1) >= 5  # Rows and columns change places.
            width, height = image.size[::-1] if turned else image.size
            rgb = np.asarray(ImageOps.exif_transpose(_thumbnail(image, 2 * longest)).convert("RGB"))
        except (OSError, SyntaxError):
            raise unreadable(data, name) from None
    return ScaledPhoto(shrink(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), longest), width, height)


def read_scaled(path: Path, longest: int) -> ScaledPhoto:
    """``open_scaled`` of a file; UserError also where it can't be read."""
    with reading(path):
        data = path.read_bytes()
    return open_scaled(data, str(path), longest)


def _thumbnail(image: Image.Image, longest: int) -> Image.Image:
    """``image``, opened but not decoded, in 8 bits a colour and no longer than ``longest``, with its EXIF note."""
    image.draft("RGB", (longest // 2, longest // 2))  # A JPEG is decoded at a half, quarter or eighth of its size.
    if image.mode.startswith("I;16"):  # Pillow scales no 16 bits, and cuts them off at 255.
        upper = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        upper.info |= image.info
        image = upper
    image.thumbnail((longest, longest))
    return image


def _megapixels(data: bytes) -> float | None:
    """The size in an image file's header; None where there is none, infinity where Pillow already refuses."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            return image.width * image.height / 1e6
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return float("inf")
    except (OSError, SyntaxError, ValueError):
        return None


def shrink(image: np.ndarray, longest: int) -> np.ndarray:
    """``image``, uint8 (H, W) or (H, W, 3), its longer side ``longest`` pixels at most, else as it is."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def draw_boxes(image: np.ndarray, xyxy: np.ndarray, colour: tuple[int, int, int], thickness: int) -> np.ndarray:
    """A copy of ``image``, uint8 (H, W, 3), with a frame around each box (N, 4), in ``colour`` as the channels go."""
    drawn = image.copy()
    for left, top, right, bottom in np.rint(xyxy).astype(int).tolist():
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colour, thickness)
    return drawn
