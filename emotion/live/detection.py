"""Where in a frame to look for faces: near the known ones in every frame, everywhere else a little at a time.

A full Haar scan costs more than all the rest of a frame. So a face that is known is looked for where it should be by
now, in a small cutting. New ones are looked for in one patch of the frame after the other: the large ones in a reduced
copy, the medium ones in the same copy, the small ones in tiles; every so often while all known faces are found again,
and in every frame when one is lost or there is none. So no frame pays for a whole scan, and no corner is missed.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil, inf
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np

from emotion.haar.boxes import covered
from emotion.haar.detector import DetectorSettings, FaceDetector
from emotion.live.settings import PipelineSettings

_SIZES = (1.0, 0.92, 0.96)  # Of the copies, by turns: what falls between two steps of one scale, another one shows.
_SMALL_STEP = 1.2  # Of the scale factor for small faces at most: at 1.25 one in seven is missed.
_REACH = 0.8  # A known face is looked for in 1.6 times its box: nobody moves farther from frame to frame.
_CUTTING = 2.0  # There a face is this many times as wide as the cascade's window: OpenCV then tries every pixel.
_SMALLER, _LARGER = 0.8, 1.3  # No face changes its size by more from frame to frame.
_FINE_STEP = 1.15  # Of the scale factor in a cutting: three sizes of the window, one of them the face's own.
# Shares of the neighbours that are set. Up to twice its own size OpenCV moves the window by two pixels, so that a face
# gathers fewer overlapping ones: 2 of 5 make it worth a second look, in a cutting, where a new one needs 4. For one
# that was there a moment ago 3 are enough.
_MAYBE, _STILL_THERE, _SURE = 0.4, 0.6, 0.8
_CUTTINGS_AT_MOST = 6  # In one frame; as many cost about as much as the scan of a patch.
_HURRY = 4  # After a new face, so many patches follow in the very next frames: people rarely come alone.
_SCAN_SHARE = 5  # On a busy computer the time between scans grows to this many times what one takes.
_SLOW = 0.025  # Seconds: a scan that takes longer is too slow for every frame.
_SAME_FACE = 0.5  # Two boxes that cover each other by this share are one face, found twice.


class _Patch(NamedTuple):
    """A part of the frame, the scale at which it is scanned, and the width of the faces looked for in it, in pixels."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    smallest: float
    largest: float = inf


class FaceFinder:
    """Finds the faces of a stream's frames, or of one picture. One thread at a time."""

    def __init__(self, detector: FaceDetector) -> None:
        self.detector = detector
        self._profile: FaceDetector | None = None
        self._shape: tuple[int, ...] = ()
        self._next_scan = float("-inf")
        self._turn = self._hurry = 0

    def still(self, gray: np.ndarray, profile: bool = False) -> np.ndarray:
        """The faces of one picture uint8 (H, W), in full resolution: float32 (N, 4) ``xyxy``."""
        return _distinct(self._scan(gray, self.detector.settings, profile)) if profile else self.detector.detect(gray)

    def next(
        self, gray: np.ndarray, known: Sequence[np.ndarray], timestamp: float, settings: PipelineSettings
    ) -> np.ndarray:
        """The faces of the next frame uint8 (H, W): float32 (N, 4) ``xyxy``.

        ``known``: boxes where faces should be, the longest unseen first; of many only the first are looked for.
        """
        if gray.shape != self._shape:
            self._shape, self._turn, self._next_scan = gray.shape, 0, timestamp
        near = [self._near(gray, box, settings.profile) for box in known[:_CUTTINGS_AT_MOST]]
        found = [box for box in near if box is not None]
        lost = len(found) < len(near)
        if lost or self._hurry or timestamp >= self._next_scan:
            start = perf_counter()
            found.extend(self._look_around(gray, known, settings))
            took = perf_counter() - start
            # Without a face in view every frame is scanned, unless the computer is so busy that frames would pile up.
            pause = max(settings.scan_interval, _SCAN_SHARE * took) if found else took if took > _SLOW else 0
            self._next_scan = timestamp + pause
        return _distinct(found)

    def _look_around(
        self, gray: np.ndarray, known: Sequence[np.ndarray], settings: PipelineSettings
    ) -> Iterator[np.ndarray]:
        """The faces in the next patch of the frame; those not ``known`` only where a second look confirms them."""
        boxes = _distinct(self._in_next_patch(gray, settings))
        old = covered(boxes, np.stack(known)).max(axis=1) >= _SAME_FACE if len(known) else np.zeros(len(boxes), bool)
        self._hurry = max(0, self._hurry - 1)
        for box, is_old in zip(boxes, old, strict=True):
            face = box if is_old else self._near(gray, box, settings.profile, _SURE)
            if face is not None:
                self._hurry = self._hurry if is_old else _HURRY
                yield face

    def _in_next_patch(self, gray: np.ndarray, settings: PipelineSettings) -> list[np.ndarray]:
        """What may be a face in the next patch of the frame."""
        own = self.detector.settings
        smallest = float(max(*(own.min_size or (0, 0)), self.detector.window[0]))
        patches = _patches(gray.shape, smallest, self.detector.window[0], settings.detection_size)
        round_, place = divmod(self._turn, len(patches))
        self._turn += 1
        patch = patches[place]
        if patch.scale < 1:
            patch = patch._replace(scale=patch.scale * _SIZES[round_ % len(_SIZES)])
        step = own.scale_factor if patch.largest == inf else min(own.scale_factor, _SMALL_STEP)
        return self._in_patch(gray, patch, step, settings.profile)

    def _near(
        self, gray: np.ndarray, box: np.ndarray, profile: bool, neighbors: float = _STILL_THERE
    ) -> np.ndarray | None:
        """The face at or near a box, None where none is found."""
        extent = np.maximum(box[2:] - box[:2], 1)
        centre = (box[:2] + box[2:]) / 2
        left, top = np.maximum(0, centre - _REACH * extent).astype(int)
        right, bottom = np.minimum(gray.shape[::-1], np.ceil(centre + _REACH * extent)).astype(int)
        if right - left < 2 or bottom - top < 2:
            return None
        width = float(extent[0])
        scale = _CUTTING * self.detector.window[0] / width
        patch = _Patch(left, top, right, bottom, scale, _SMALLER * width, _LARGER * width)
        boxes = self._in_patch(gray, patch, min(_FINE_STEP, self.detector.settings.scale_factor), profile, neighbors)
        return min(boxes, key=lambda found: np.linalg.norm((found[:2] + found[2:]) / 2 - centre), default=None)

    def _in_patch(
        self, gray: np.ndarray, patch: _Patch, step: float, profile: bool, neighbors: float = _MAYBE
    ) -> list[np.ndarray]:
        """The faces in a patch of the frame, in pixels of the frame; ``neighbors`` is a share of those that are set."""
        left, top, right, bottom, scale, smallest, largest = patch
        part = gray[top:bottom, left:right]
        width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(part, (width, height), interpolation=way)
        least, most = round(smallest * scale), round(largest * scale) if largest < inf else None
        enough = ceil(neighbors * self.detector.settings.min_neighbors)
        boxes = self._scan(small, DetectorSettings(step, enough, (least, least)), profile, most)
        ratio = np.array([part.shape[1] / width, part.shape[0] / height] * 2, np.float32)
        return [box * ratio + np.array([left, top, left, top], np.float32) for box in boxes]

    def _scan(
        self, gray: np.ndarray, settings: DetectorSettings, profile: bool, largest: int | None = None
    ) -> list[np.ndarray]:
        """The faces of a picture; those from the side, whichever they look to, only where that is asked for."""
        boxes = list(self.detector.detect(gray, settings, largest))
        if profile:
            self._profile = self._profile or FaceDetector("profileface")
            boxes += list(self._profile.detect(gray, settings, largest))
            # The cascade knows only faces that look to one side: the others are looked for in the mirror.
            mirrored = self._profile.detect(np.ascontiguousarray(gray[:, ::-1]), settings, largest)
            boxes += list(mirrored_boxes(mirrored, gray.shape[1]))
        return boxes


def mirrored_boxes(boxes: np.ndarray, width: int) -> np.ndarray:
    """Boxes (N, 4) where they are in the mirror image of a frame ``width`` pixels wide.

    >>> mirrored_boxes(np.array([[10, 0, 30, 20]]), 100).tolist()
    [[70, 0, 90, 20]]
    """
    left, top, right, bottom = np.asarray(boxes).reshape(-1, 4).T
    return np.stack([width - right, top, width - left, bottom], axis=1)


@lru_cache(maxsize=8)
def _patches(shape: tuple[int, ...], smallest: float, window: int, detection_size: int) -> tuple[_Patch, ...]:
    """Where to look for faces of a frame (height, width), one patch after the other: large ones, a tile, medium ones,
    a tile, and so on until there was every tile.

    The copy for large and medium faces shows no smaller ones than the cascade's window; the tiles show those.
    """
    height, width = shape
    whole = 0, 0, width, height
    scale = min(1.0, detection_size / max(shape))
    shown = max(smallest, window / scale)
    wide, medium = _Patch(*whole, scale, 1.8 * shown), _Patch(*whole, scale, shown, 2.1 * shown)
    if smallest >= 0.95 * shown:
        return wide, medium
    overlap = 1.3 * shown  # Each face lies whole in one; a little more, because the copy misses some of its smallest.
    columns, rows = _spans(width, 1.2 * detection_size, overlap), _spans(height, 0.9 * detection_size, overlap)
    tile = min(1.0, window / smallest)
    tiles = [
        _Patch(left, top, right, bottom, tile, smallest, overlap) for top, bottom in rows for left, right in columns
    ]
    tiles *= 1 + len(tiles) % 2  # An even number, so that wide and medium ones take turns.
    return tuple(patch for number, each in enumerate(tiles) for patch in ((wide, medium)[number % 2], each))


def _spans(length: int, core: float, overlap: float) -> list[tuple[int, int]]:
    """Spans of equal length over 0…``length``, each at most ``core`` + ``overlap`` long and overlapping by that."""
    count = max(1, ceil((length - overlap) / core))
    step = (length - overlap) / count
    return [(int(number * step), min(length, ceil((number + 1) * step + overlap))) for number in range(count)]


def _distinct(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """The boxes without those that show a face a second time; of each face the first one stays."""
    kept: list[np.ndarray] = []
    for box in boxes:
        if not kept or covered(box[None], np.stack(kept)).max() < _SAME_FACE:
            kept.append(box)
    return np.array(kept, np.float32).reshape(-1, 4)
