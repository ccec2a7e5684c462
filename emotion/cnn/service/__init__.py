"""The helper process that holds Keras for the pages: it starts when something is asked of it and ends when idle.

The server itself never loads Keras, which takes 600 MB and up to ten seconds. The other side is ``__main__.py``.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from emotion.cnn.service.messages import read_message, write_message
from emotion.errors import UserError
from emotion.files import writing
from emotion.homes import REPOSITORY, cache_folder
from emotion.jobs import Progress

IDLE_SECONDS = 120.0
_START_SECONDS = 120.0  # Importing TensorFlow takes 5 to 8 s, and up to 30 s on a slow laptop that trains.
_LOOK_SECONDS = 0.1
_numbers = count(1)
_turn = threading.Lock()
_helper: "_Helper | None" = None


def ask(request: str, arguments: dict[str, Any], seconds: float = 60.0, progress: Progress | None = None) -> Any:
    """The helper's answer to a request that ``requests.REQUESTS`` names: JSON values with arrays in them.

    One request at a time. The helper is started where it is not there, and once more where it dies over the request.
    ``progress`` is told (0, 2) while the request waits for its turn or for Keras to start, (1, 2) while the helper
    works, (2, 2) at the end; if it raises, the answer is thrown away when it comes. Raises UserError for what the
    helper finds wrong, and where it does not answer within ``seconds``.
    """
    told = progress or (lambda done, total: None)
    while not _turn.acquire(timeout=_LOOK_SECONDS):
        told(0, 2)
    try:
        answer = _ask_twice({"request": request, "arguments": arguments, "number": next(_numbers)}, seconds, told)
    finally:
        _turn.release()
    told(2, 2)
    if template := answer.get("error"):
        values = answer["values"]
        raise UserError(template, **values)
    return answer["answer"]


def is_ready() -> bool:
    """Whether the helper has started, so that an answer takes a moment only."""
    return _helper is not None and _helper.alive and _helper.ready


def stop() -> None:
    """End the helper, if there is one; the next request starts another."""
    global _helper
    helper, _helper = _helper, None
    if helper:
        helper.end()


def _ask_twice(message: dict[str, Any], seconds: float, told: Progress) -> dict[str, Any]:
    """The answer, by a new helper if the old one went idle at this moment or died."""
    for _ in range(2):
        helper = _living()
        try:
            return helper.ask(message, seconds, told)
        except TimeoutError as error:
            stop()
            raise UserError(
                "The helper process did not answer within {seconds} seconds and was ended. Try again; if a training "
                "runs, wait until it ends.",
                seconds=error.args[0],
            ) from None
        except (EOFError, OSError):  # OSError: its end of the pipe is closed.
            stop()
    raise UserError("The helper process ended twice over this. Its log is {path}.", path=_log())


def _living() -> "_Helper":
    global _helper
    if _helper is None or not _helper.alive:
        stop()
        _helper = _Helper()
    return _helper


def _log() -> Path:
    return cache_folder() / "service.log"


class _Helper:
    """A helper process; a thread collects what it says, because a read from a pipe can't be given a time limit."""

    def __init__(self) -> None:
        self.ready = False
        self._said: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        with writing(_log()):
            _log().parent.mkdir(parents=True, exist_ok=True)
            with _log().open("wb") as log:
                self._process = _launch(log)
        threading.Thread(target=self._listen, name="service", daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, message: dict[str, Any], seconds: float, told: Progress) -> dict[str, Any]:
        """The answer; EOFError or OSError where the process has ended, TimeoutError where it takes too long."""
        if not self.ready:
            self._wait(0, _START_SECONDS, lambda: told(0, 2))
            self.ready = True
        write_message(self._process.stdin, message)  # type: ignore[arg-type]
        return self._wait(message["number"], seconds, lambda: told(1, 2))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What could not be sent any more.
                stream.close()  # type: ignore[union-attr]

    def _wait(self, number: int, seconds: float, still_at_it: Callable[[], None]) -> dict[str, Any]:
        """The message of that number; answers that nobody waits for any more are dropped."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            still_at_it()
            with suppress(Empty):
                said = self._said.get(timeout=_LOOK_SECONDS)
                if said is None:
                    raise EOFError
                if said["number"] == number:
                    return said
        raise TimeoutError(round(seconds))

    def _listen(self) -> None:
        try:
            while True:
                self._said.put(read_message(self._process.stdout))  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError):  # ValueError: ``end`` has closed the pipe.
            self._said.put(None)


def _launch(log: BinaryIO) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "PYTHONUTF8": "1",
        # One image at a time needs no GPU, and TensorFlow would take all memory of one away from a training.
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "emotion.cnn.service", str(IDLE_SECONDS)],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,  # Ctrl-C ends the server; the helper follows when its pipe closes.
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
