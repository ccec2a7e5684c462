"""The helper process itself: ``python -m emotion.cnn.service SECONDS``, which ends after so long without a request."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from emotion.cnn.machine import import_keras, set_up_tensorflow
from emotion.cnn.service.messages import read_message, write_message
from emotion.errors import UserError

log = logging.getLogger(__name__)


def main(idle_seconds: float) -> None:
    """Answer the requests that come at stdin, on stdout, until none comes for ``idle_seconds`` or the server ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What a library prints goes to the log, not among the answers.
    asked: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()
    set_up_tensorflow()
    import_keras()  # Only here, because it takes seconds and may print.
    from emotion.cnn.service.requests import REQUESTS

    write_message(answers, {"number": 0})
    while message := _next(asked, idle_seconds):
        answer = _answer(REQUESTS[message["request"]], message["arguments"])
        write_message(answers, {"number": message["number"], **answer})
    # A plain return would wait for the thread, which sits in a read that nothing ends.
    os._exit(0)


def _listen(stream: BinaryIO, asked: "SimpleQueue[dict[str, Any] | None]") -> None:
    try:
        while True:
            asked.put(read_message(stream))
    except EOFError:
        asked.put(None)


def _next(asked: "SimpleQueue[dict[str, Any] | None]", seconds: float) -> dict[str, Any] | None:
    try:
        return asked.get(timeout=seconds)
    except Empty:
        return None


def _answer(act: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": act(**arguments)}
    except UserError as error:
        return {"error": error.template, "values": {name: str(value) for name, value in error.values.items()}}
    except Exception as error:
        log.exception("%s failed", act.__name__)
        what = f"{type(error).__name__}: {error}"
        return {"error": "An unexpected error ended it: {what}", "values": {"what": what}}


if __name__ == "__main__":
    main(float(sys.argv[1]))
