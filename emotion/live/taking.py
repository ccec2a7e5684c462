"""What may be taken from a running video: a snapshot, a recording, a log, a timeline, a burst of face crops.

Nothing of it outlives the page that asked for it.
"""

from dataclasses import dataclass
from threading import Lock

import cv2
import numpy as np

from emotion.files import writing
from emotion.haar.crop import crop_face
from emotion.live.faces import FrameResult
from emotion.live.history import LastMinute, Sample, SessionHistory, SessionSummary
from emotion.live.log import SessionLog
from emotion.live.recorder import Recorder
from emotion.live.scratch import temporary_folder

CROP_SIZE = 112
"""Pixels of a collected face: more than any of the networks takes, so that a later one may take more."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A frame: ``bgr`` uint8 (H, W, 3) as it came, ``drawn`` with the overlay, and what was found in it."""

    bgr: np.ndarray
    drawn: np.ndarray
    result: FrameResult

    def crop(self, size: int = CROP_SIZE) -> np.ndarray | None:
        """The largest face, gray uint8 (size, size), as ``crop_face`` cuts it.

        None without faces, and where it was missed in this frame: its old box may show the wall by now.
        """
        face = self.result.largest
        if face is None or not face.seen:
            return None
        return crop_face(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY), face.xyxy, size)


class Takers:
    """Everyone who takes frames with them. The stream's thread gives, the page's threads start, stop and read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: Snapshot | None = None
        self._minute, self._history = LastMinute(), SessionHistory()
        self._recorder: Recorder | None = None
        self._log: SessionLog | None = None
        self._burst = _Burst(0, 0.0)
        self._start: float | None = None
        self._seconds = 0.0
        self._closed = False

    def take(self, snapshot: Snapshot, timestamp: float) -> None:
        """Let all of them have a frame; ``timestamp`` in seconds. One that comes after ``close`` is let go."""
        with self._lock:
            if self._closed:
                return
            self._start = timestamp if self._start is None else self._start
            self._seconds = seconds = timestamp - self._start
            self._newest = snapshot
            self._minute.add(snapshot.result, seconds)
            self._history.add(snapshot.result, seconds)
            self._burst.add(snapshot, seconds)
            if self._log:
                self._log.add(snapshot.result, seconds)
            recorder = self._recorder
        if recorder:
            recorder.write(snapshot.drawn, timestamp)

    def snapshot(self) -> Snapshot | None:
        """The newest frame; None before the first one and after the end."""
        with self._lock:
            return self._newest

    def last_minute(self) -> tuple[Sample, ...]:
        """What the models said in the last minute, oldest first."""
        with self._lock:
            return self._minute.samples()

    @property
    def seconds(self) -> float:
        """The time of the newest frame, in which there may be no face, as ``last_minute`` counts it."""
        with self._lock:
            return self._seconds

    def summary(self) -> SessionSummary:
        """The session so far."""
        with self._lock:
            return self._history.summary()

    def start_recording(self) -> None:
        """Record the video with its overlay from the next frame on; a recording that runs goes on.

        Raises UserError where no file can be made.
        """
        with self._lock, writing(temporary_folder()):
            if self._recorder is None:
                self._recorder = Recorder()

    @property
    def recording(self) -> Recorder | None:
        """The recorder at work, None where nothing is recorded."""
        with self._lock:
            return self._recorder

    def stop_recording(self) -> bytes | None:
        """Finish the recording and give its MP4 file, which is kept no longer; None where nothing was recorded.

        Raises UserError where it could not be written.
        """
        with self._lock:
            recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        recorder.close()
        return recorder.data() if recorder.frames else None

    def start_log(self) -> None:
        """Note every face of every frame from now on. Raises UserError where no file can be made."""
        with self._lock, writing(temporary_folder()):
            self._log = self._log or SessionLog()

    def log_rows(self) -> int | None:
        """Rows in the log; None where none is kept."""
        with self._lock:
            return self._log.rows if self._log else None

    def stop_log(self) -> SessionLog | None:
        """The log, which is kept no longer; None where there was none."""
        with self._lock:
            log, self._log = self._log, None
        return log

    def start_burst(self, count: int, every: float = 0.15) -> None:
        """Cut the largest face out of the next frames: ``count`` of them, ``every`` so many seconds."""
        with self._lock:
            self._burst = _Burst(count, every)

    def burst(self) -> tuple[list[np.ndarray], bool]:
        """The crops since the last call, gray uint8 (112, 112), and whether more are to come."""
        with self._lock:
            return self._burst.fetch()

    def close(self) -> None:
        """Let go of the pictures and finish the recording; log, minute and summary can still be fetched."""
        with self._lock:
            self._closed, self._newest, self._burst = True, None, _Burst(0, 0.0)
            recorder = self._recorder
        if recorder:
            recorder.finish_in_memory()


class _Burst:
    def __init__(self, count: int, every: float) -> None:
        self._left = count
        self._every = every
        self._next = float("-inf")
        self._crops: list[np.ndarray] = []

    def add(self, snapshot: Snapshot, seconds: float) -> None:
        if self._left > 0 and seconds >= self._next and (crop := snapshot.crop()) is not None:
            self._crops.append(crop)
            self._left -= 1
            self._next = seconds + self._every

    def fetch(self) -> tuple[list[np.ndarray], bool]:
        crops, self._crops = self._crops, []
        return crops, self._left > 0
