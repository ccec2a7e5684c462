"""Where in a frame to look for faces: near the known ones in every frame, everywhere else now and then.

A full Haar scan costs more than all the rest of a frame. So a face that is known is looked for where it should be by
now, in a small cutting; the whole frame is scanned on a reduced copy every so often, and at once when a face is lost;
and faces too small for that copy are looked for in one tile of the frame after the other, so that no corner is missed.
"""

from collections.abc import Iterable, Sequence
from math import ceil
from time import perf_counter

import cv2
import numpy as np

from emotion.haar.boxes import covered
from emotion.haar.detector import DetectorSettings, FaceDetector
from emotion.live.settings import PipelineSettings

_REDUCED_MINIMUM = 34  # Pixels of the reduced copy: a twelfth of its width.
_SECOND_SIZE = 0.92  # Every other reduced copy is so much smaller: between two steps of the scale, faces are missed.
_TILE_STEP = 1.2  # Of the scale factor in a tile at most: at 1.25 one small face in seven is missed.
_REACH = 0.9  # A known face is looked for in 1.8 times its box: nobody moves farther from frame to frame.
_CUTTING = 2.0  # There a face is this many times as wide as the cascade's window; more costs time and finds no more.
_SHRUNK = 0.8  # No face becomes smaller than this from frame to frame; the smallest windows cost the most.
_FINE_STEP = 1.1  # Of the scale factor in a cutting, where small steps cost little.
_CUTTINGS_AT_MOST = 6  # In one frame; as many cost about as much as a scan of the reduced copy.
_SCAN_SHARE = 5  # On a busy computer the time between scans grows to this many times what one takes.
_SLOW = 0.025  # Seconds: a scan that takes longer is too slow for every frame.
_SAME_FACE = 0.5  # Two boxes that cover each other by this share are one face, found twice.


class FaceFinder:
    """Finds the faces of a stream's frames, or of one picture. One thread at a time."""

    def __init__(self, detector: FaceDetector) -> None:
        self.detector = detector
        self._profile: FaceDetector | None = None
        self._shape: tuple[int, ...] = ()
        self._next_scan = float("-inf")
        self._turn = 0

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
        if lost or timestamp >= self._next_scan:
            start = perf_counter()
            found.extend(self._look_around(gray, settings))
            took = perf_counter() - start
            # Without a face in view every frame is scanned, unless the computer is so busy that frames would pile up.
            pause = max(settings.scan_interval, _SCAN_SHARE * took) if found else took if took > _SLOW else 0
            self._next_scan = timestamp + pause
        return _distinct(found)

    def _look_around(self, gray: np.ndarray, settings: PipelineSettings) -> Iterable[np.ndarray]:
        """The whole frame, reduced, and one of its tiles, by turns."""
        own = self.detector.settings
        tiles = _tiles(gray.shape, self._smallest(), settings.detection_size)
        turn, self._turn = self._turn, self._turn + 1
        if tiles and turn % 2:
            left, top, right, bottom = tiles[turn // 2 % len(tiles)]
            boxes = self._scan(
                np.ascontiguousarray(gray[top:bottom, left:right]),
                own._replace(scale_factor=min(own.scale_factor, _TILE_STEP)),
                settings.profile,
            )
            return [box + np.array([left, top, left, top], np.float32) for box in boxes]
        scale = min(1.0, settings.detection_size / max(gray.shape)) * (_SECOND_SIZE if turn // 2 % 2 else 1)
        smallest = max(self._smallest(), _REDUCED_MINIMUM / scale) if scale < 1 else self._smallest()
        height, width = (max(1, round(side * scale)) for side in gray.shape)
        small = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else gray
        boxes = self._scan(small, own._replace(min_size=(round(smallest * scale),) * 2), settings.profile)
        return [box * np.array([gray.shape[1] / width, gray.shape[0] / height] * 2, np.float32) for box in boxes]

    def _smallest(self) -> float:
        """The smallest face asked for, in pixels of the frame."""
        return float(max(*(self.detector.settings.min_size or (0, 0)), self.detector.window[0]))

    def _near(self, gray: np.ndarray, box: np.ndarray, profile: bool) -> np.ndarray | None:
        """The face at or near a box, None where none is found."""
        extent = np.maximum(box[2:] - box[:2], 1)
        centre = (box[:2] + box[2:]) / 2
        left, top = np.maximum(0, centre - _REACH * extent).astype(int)
        right, bottom = np.minimum(gray.shape[::-1], np.ceil(centre + _REACH * extent)).astype(int)
        if right - left < 2 or bottom - top < 2:
            return None
        scale = min(1.0, _CUTTING * self.detector.window[0] / float(extent[0]))
        step = min(_FINE_STEP, self.detector.settings.scale_factor)
        least = _SHRUNK * extent * scale
        settings = DetectorSettings(step, self.detector.settings.min_neighbors, (round(least[0]), round(least[1])))
        cutting = gray[top:bottom, left:right]
        width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        small = cv2.resize(cutting, (width, height), interpolation=cv2.INTER_AREA)
        boxes = self._scan(small, settings, profile)
        if not boxes:
            return None
        ratio = np.array([cutting.shape[1] / width, cutting.shape[0] / height] * 2, np.float32)
        in_frame = np.stack(boxes) * ratio + np.array([left, top, left, top], np.float32)
        middles = (in_frame[:, :2] + in_frame[:, 2:]) / 2
        return in_frame[np.linalg.norm(middles - centre, axis=1).argmin()]

    def _scan(self, gray: np.ndarray, settings: DetectorSettings, profile: bool) -> list[np.ndarray]:
        """The faces of a picture; those from the side, whichever they look to, only where that is asked for."""
        boxes = list(self.detector.detect(gray, settings))
        if profile:
            self._profile = self._profile or FaceDetector("profileface")
            boxes += list(self._profile.detect(gray, settings))
            # The cascade knows only faces that look to one side: the others are looked for in the mirror.
            mirrored = self._profile.detect(np.ascontiguousarray(gray[:, ::-1]), settings)
            boxes += list(mirrored_boxes(mirrored, gray.shape[1]))
        return boxes


def mirrored_boxes(boxes: np.ndarray, width: int) -> np.ndarray:
    """Boxes (N, 4) where they are in the mirror image of a frame ``width`` pixels wide.

    >>> mirrored_boxes(np.array([[10, 0, 30, 20]]), 100).tolist()
    [[70, 0, 90, 20]]
    """
    left, top, right, bottom = np.asarray(boxes).reshape(-1, 4).T
    return np.stack([width - right, top, width - left, bottom], axis=1)


def _tiles(shape: tuple[int, ...], smallest: float, detection_size: int) -> list[tuple[int, int, int, int]]:
    """Parts of a frame (left, top, right, bottom) for faces from ``smallest`` up to what the reduced copy shows.

    They overlap by more than the largest of these, so that each lies whole in one. None where the
    reduced copy shows all.
    """
    height, width = shape
    scale = min(1.0, detection_size / max(shape))
    largest = _REDUCED_MINIMUM / scale
    if scale == 1 or smallest >= 0.95 * largest:
        return []
    overlap = 1.3 * largest  # A little more, because the copy misses some of the smallest it can show.
    columns, rows = _spans(width, 0.75 * detection_size, overlap), _spans(height, 0.5625 * detection_size, overlap)
    return [(left, top, right, bottom) for top, bottom in rows for left, right in columns]


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
