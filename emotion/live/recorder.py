"""MP4 files from frames: written while the video runs, in bounded memory."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import chain
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

import av
import cv2
import numpy as np

from emotion.errors import UserError
from emotion.files import file_in_the_making
from emotion.live.scratch import scratch_folder

RECORDED_SECONDS_AT_MOST = 600
_TIME_BASE = Fraction(1, 90_000)  # Fine enough for any frame rate; the usual one of video streams.
_WAITING_AT_MOST = 8  # Frames between the camera and the encoder: at 1280 × 720 each holds 2.8 MB.
_COPIED_AUDIO = frozenset({"aac", "mp3", "alac", "ac3", "opus"})  # What an MP4 may hold as it is.
_DAMAGES = (av.InvalidDataError, av.PatchWelcomeError, av.ArgumentError)


def video_frame(bgr: np.ndarray) -> av.VideoFrame:
    """A picture, bgr uint8 (H, W, 3), as a frame of a video: YUV 4:2:0 by BT.601, limited range; odd sizes as bgr24."""
    if bgr.shape[0] % 2 or bgr.shape[1] % 2:
        return av.VideoFrame.from_ndarray(bgr, format="bgr24")
    # OpenCV converts in a fifth of the time that FFmpeg's scaler takes.
    planes: Any = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def own_copy(frame: av.VideoFrame) -> av.VideoFrame:
    """The same picture at the same time, as YUV 4:2:0, in a frame that nobody else holds."""
    copy = frame.reformat(format="yuv420p")
    if copy is frame and not (frame.width % 2 or frame.height % 2):
        copy = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
    elif copy is frame:  # PyAV makes no array of it.
        copy = frame.reformat(format="rgb24").reformat(format="yuv420p")
    copy.pts, copy.time_base = frame.pts, frame.time_base
    return copy


class Mp4Writer:
    """Writes frames as H.264 with the time of each, and the sound of another file; use it in one thread.

    Frames take the size of the first one, made even, as the format wants it.
    """

    def __init__(self, path: Path, sound: av.AudioStream | None = None) -> None:
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._video: Any = self._container.add_stream("libx264", rate=30, options={"preset": "superfast", "crf": "23"})
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = _TIME_BASE
        self._last = -1
        self._size: tuple[int, int] | None = None
        self.broken = 0
        """Packets of sound that could not be written."""
        self._sound = _Sound(self._container, sound) if sound else None
        self._early: list[av.Packet] = []

    def write(self, bgr: np.ndarray, seconds: float) -> None:
        """Add a frame uint8 (H, W, 3) at its time; one that is not later than the last is left out."""
        pts = round(seconds / _TIME_BASE)
        if pts <= self._last:
            return
        if self._size is None:
            self._size = self._video.width, self._video.height = _even(bgr.shape[1]), _even(bgr.shape[0])
        frame = video_frame(_fitted(bgr, self._size))
        frame.pts, frame.time_base, self._last = pts, _TIME_BASE, pts
        self._container.mux(self._video.encode(frame))
        early, self._early = self._early, []
        for packet in early:
            self.write_sound(packet)

    def write_sound(self, packet: av.Packet) -> None:
        """Add a packet of the sound that the writer was opened for."""
        if self._size is None:  # Its first packet would write the head of the file, which states the picture's size.
            self._early.append(packet)
        elif self._sound and packet.dts is not None:
            try:
                self._sound.write(packet)
            except _DAMAGES:  # The film goes on behind it. A full disk is none of these.
                self.broken += 1

    def close(self) -> None:
        """Write what is left and close the file; without a frame it has none."""
        try:
            if self._size:
                self._container.mux(self._video.encode())
                if self._sound:
                    self._sound.finish()
        finally:
            self._container.close()


class _Sound:
    """The sound of a file on its way into another: as it is where an MP4 may hold it, else encoded as AAC."""

    def __init__(self, container: Any, source: av.AudioStream) -> None:
        self._container = container
        self._copied = source.codec_context.name in _COPIED_AUDIO
        if self._copied:
            self._stream: Any = container.add_stream_from_template(source)
        else:
            self._stream = container.add_stream("aac", rate=source.codec_context.sample_rate)
            self._stream.layout = "stereo" if source.codec_context.layout.nb_channels > 1 else "mono"

    def write(self, packet: av.Packet) -> None:
        if self._copied:
            packet.stream = self._stream
            self._container.mux(packet)
            return
        for frame in packet.decode():
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        if not self._copied:
            self._container.mux(self._stream.encode())


def _even(length: int) -> int:
    return max(2, length - length % 2)


def _fitted(bgr: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``bgr`` in ``size`` (width, height): an odd row or column cut off, another size scaled with black bars."""
    width, height = size
    if 0 <= bgr.shape[1] - width <= 1 and 0 <= bgr.shape[0] - height <= 1:
        return np.ascontiguousarray(bgr[:height, :width])
    scale = min(width / bgr.shape[1], height / bgr.shape[0])
    inner = max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale))
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(bgr, inner, interpolation=cv2.INTER_AREA)
    return canvas


class Recorder:
    """Records a running video: a frame is handed over in no time and encoded on a thread of the recorder's own.

    Frames that come faster than they can be encoded are left out and counted in ``dropped``. It ends by itself after
    ``RECORDED_SECONDS_AT_MOST`` seconds; ``close`` it all the same. Without a ``path`` the file goes with the recorder.
    """

    def __init__(self, path: Path | None = None, longest: float = RECORDED_SECONDS_AT_MOST) -> None:
        self._scratch = None if path else scratch_folder(self)
        self.path = path or Path(self._scratch or "") / "recording.mp4"
        self.frames = 0
        self.dropped = 0
        self.seconds = 0.0
        self._longest = longest
        self._start: float | None = None
        self._error: Exception | None = None
        self._closed = False
        self._in_memory: bytes | None = None
        self._queue: Queue[tuple[np.ndarray, float]] = Queue(_WAITING_AT_MOST)
        self._thread = Thread(target=self._encode, name="emotion recorder", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether it takes no more frames, because it is closed, as long as it may be, or has failed."""
        return self._closed or self._error is not None or self.seconds >= self._longest

    def write(self, bgr: np.ndarray, timestamp: float) -> None:
        """Record a frame uint8 (H, W, 3), which must not be changed afterwards; ``timestamp`` in seconds."""
        if self.full:
            return
        self._start = timestamp if self._start is None else self._start
        self.seconds = timestamp - self._start
        try:
            self._queue.put_nowait((bgr, self.seconds))
        except Full:
            self.dropped += 1

    def finish_in_memory(self) -> None:
        """Take no more frames, and wait for nothing: the thread finishes the file and takes it off the disk.

        Whoever has closed the page may never fetch it. A file at a ``path`` that was given stays there.
        """
        self._in_memory = b""
        self._closed = True

    def data(self) -> bytes:
        """The finished file."""
        return self._in_memory or self.path.read_bytes()

    def close(self) -> None:
        """Finish the file and wait for it. Raises UserError where it could not be written."""
        self._closed = True
        self._thread.join()
        if self._error:
            raise UserError(
                "The video could not be recorded ({reason}). Check that there is room on the disk, and record again.",
                reason=self._error,
            )

    def _encode(self) -> None:
        frames = self._waiting()
        try:
            if first := next(frames, None):
                with file_in_the_making(self.path) as path, closing(Mp4Writer(path)) as writer:
                    for bgr, seconds in chain([first], frames):
                        writer.write(bgr, seconds)
                        self.frames += 1
            if self._in_memory is not None and self._scratch:
                self._in_memory = self.path.read_bytes() if self.frames else b""
                shutil.rmtree(self._scratch, ignore_errors=True)
        except Exception as error:  # noqa: BLE001  # It is raised by close, on the thread of whoever records.
            self._error = error.with_traceback(None)

    def _waiting(self) -> Iterator[tuple[np.ndarray, float]]:
        """The frames as they come, until the recorder is closed and none is left."""
        while True:
            try:
                yield self._queue.get(timeout=0.1)
            except Empty:
                if self._closed:
                    return
