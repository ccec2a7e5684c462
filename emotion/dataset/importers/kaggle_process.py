"""The process in which kagglehub downloads: ``python -m emotion.dataset.importers.kaggle_process owner/name``."""

import json
import os
import sys
import tarfile
import threading
import zipfile
import zlib

import kagglehub
import requests
from kagglehub.exceptions import DataCorruptionError

_DAMAGES = (
    requests.exceptions.ChunkedEncodingError,
    DataCorruptionError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
)


def main(handle: str) -> None:
    """Download a dataset to ``KAGGLEHUB_CACHE``; the last line of stdout is JSON with its ``path`` or a ``problem``.

    An error that has no name here ends in a traceback, whose last line is the reason.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = {"path": kagglehub.dataset_download(handle)}
    except _DAMAGES:
        answer = {"problem": "damaged"}
    except (requests.ConnectionError, requests.Timeout):
        answer = {"problem": "offline"}
    except requests.HTTPError as error:
        refusals = {401: "refused", 403: "refused", 404: "missing"}
        problem = refusals.get(error.response.status_code) if error.response is not None else None
        if problem is None:
            raise
        answer = {"problem": problem}
    # kagglehub may have written a line of its own without an end.
    print("\n" + json.dumps(answer), flush=True)  # noqa: T201


def _end_with_parent() -> None:
    # Returns when the parent's end of the pipe closes. Not sys.stdin: its lock, held, aborts Python's own end.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
