"""A video file, frame by frame: whatever container and codec, phones' rotations, damaged pieces left out."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from emotion.errors import UserError
from emotion.haar.photos import shrink

LONGEST = 3840
"""Pixels of the longer side of a frame."""

_TAG = re.compile(r"(\d+):(\d+):(\d+\.?\d*)")


class Film:
    """A video file opened for reading, its frames upright and in the order in which they are shown.

    ``length``: the seconds that the picture lasts by the file's own account, 0 where it says nothing. Of what was read
    so far: ``done`` frames, ``read`` seconds, ``broken`` pieces, and the ``size`` (width, height) in pixels. Raises
    UserError for a file that is no video.
    """

    def __init__(self, source: Path) -> None:
        try:
            self._container: Any = av.open(str(source))
        except av.InvalidDataError:
            raise UserError(
                "{name} can't be opened as a video: it is empty, damaged, copied only in part, or no video at all. "
                "Choose an MP4, MOV, MKV, AVI or WebM file that plays elsewhere.",
                name=source.name,
            ) from None
        except (av.FFmpegError, OSError) as error:
            raise UserError(
                "{name} can't be opened as a video ({reason}). Choose an MP4, MOV, MKV, AVI or WebM file.",
                name=source.name,
                reason=error.strerror or error,
            ) from None
        if not self._container.streams.video:
            self._container.close()
            raise UserError(
                "{name} holds no video, or was copied only in part. Choose an MP4, MOV, MKV, AVI or WebM file that "
                "plays elsewhere.",
                name=source.name,
            )
        self._video = self._container.streams.video[0]
        self._video.thread_type = "AUTO"
        self.sound = next(iter(self._container.streams.audio), None)
        self.length = self._length()
        self._offset: int | None = None
        self.done = self.broken = 0
        self.read = 0.0
        self.size = (0, 0)

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    @property
    def expected(self) -> int:
        """How many frames there are by the file's own account, 0 where it says nothing."""
        if self._video.frames:
            return int(self._video.frames)
        seconds = self.length or (self._container.duration or 0) / av.time_base
        return int(seconds * float(self._video.average_rate or 0))

    def frames(self, sound: Callable[[Any], None] | None) -> Iterator[tuple[float, np.ndarray]]:
        """The time in seconds and bgr uint8 (H, W, 3) of each frame; packets of sound are handed to ``sound``."""
        first, last, pause = None, float("-inf"), 1 / float(self._video.average_rate or 25)
        for packet in self._packets([self._video, self.sound] if sound and self.sound else [self._video]):
            if sound and packet.stream is self.sound:
                sound(packet)
                continue
            for frame in self._decode(packet):
                seconds = self._shown_at(frame)
                seconds = max(0.0, last + pause) if seconds is None else seconds
                if seconds > last:
                    first, last = seconds if first is None else first, seconds
                    stays = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else pause
                    self.read = seconds - first + stays
                    self.done += 1
                    bgr = _upright(frame)
                    self.size = (bgr.shape[1], bgr.shape[0])
                    yield seconds, bgr

    def _shown_at(self, frame: av.VideoFrame) -> float | None:
        """The time in seconds of a frame, None where its file says nothing."""
        if self._container.format.name != "avi":
            return frame.time
        # AVI keeps the times of decoding alone, and where frames lean on later ones, gives them to the wrong ones. The
        # first that is decoded leans on none: its own is right.
        if frame.dts is None or frame.time_base is None:
            return None
        if self._offset is None:
            self._offset = frame.dts - (frame.dts if frame.pts is None else frame.pts)
        return float((frame.dts - self._offset) * frame.time_base)

    def _length(self) -> float:
        video = self._video
        begin = float((video.start_time or 0) * (video.time_base or 0))
        # Matroska's tag comes first: its other lengths are those of the longest stream, and all count from 0.
        if tag := _TAG.match(video.metadata.get("DURATION", "")):
            hours, minutes, seconds = map(float, tag.groups())
            return max(0.0, 3600 * hours + 60 * minutes + seconds - begin)
        if "matroska" in self._container.format.name:
            alone = len(self._container.streams) == 1
            return max(0.0, (self._container.duration or 0) / av.time_base - begin) if alone else 0.0
        return float((video.duration or 0) * (video.time_base or 0))

    def _packets(self, streams: list[Any]) -> Iterator[Any]:
        """The packets of a file to where it ends or is torn off."""
        try:
            yield from self._container.demux(*streams)
        except av.FFmpegError:
            self.broken += 1

    def _decode(self, packet: Any) -> list[Any]:
        """The frames of a packet; a broken one has none, and the film goes on behind it."""
        try:
            return list(packet.decode())
        except av.FFmpegError:
            self.broken += 1
            return []


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """A frame as bgr uint8 (H, W, 3), turned as its file says: phones film lying down and note how they were held.

    One that is larger than 4K is scaled down to that, so that memory stays bounded.
    """
    bgr = shrink(frame.to_ndarray(format="bgr24"), LONGEST)
    turns = round(frame.rotation / 90) % 4  # Counterclockwise, as np.rot90 turns.
    return np.ascontiguousarray(np.rot90(bgr, turns)) if turns else bgr
