"""``python -m tests.hostile.victim N COMMAND …``: emotion's command line, ended as by ``kill -9`` at the N-th file.

Just before it opens for writing, renames or removes the N-th thing in its EMOTION_HOME. Python tells of these itself
(``sys.addaudithook``), so that the program is as it is. N = 0: never.
"""

import os
import signal
import sys
from typing import Any

_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(victim_at: int, arguments: list[str]) -> None:
    """Run a command of emotion's until it has touched so many files."""
    home, touched = os.environ["EMOTION_HOME"], 0

    def count(event: str, about: tuple[Any, ...]) -> None:
        nonlocal touched
        if event not in _EVENTS or home not in str(about[0]) or (event == "open" and not (about[2] or 0) & _WRITES):
            return
        touched += 1
        if touched == victim_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    from emotion.cli import main as emotion

    emotion(arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
