"""The rules of the house (CONTRIBUTING, “Where does it go?”), so that they survive people."""

import ast
from pathlib import Path

import pytest

from emotion.homes import REPOSITORY

PACKAGE = sorted((REPOSITORY / "emotion").rglob("*.py"))
PAGES = [REPOSITORY / "app.py", *sorted((REPOSITORY / "pages").glob("*.py"))]
BASE = {"errors", "labels", "homes", "files", "names", "i18n", "jobs", "zips", "memory"}
BASE |= {"MEGAPIXELS_AT_MOST", "__init__"}
# Folder → what of ours it may import besides itself.
MAY_IMPORT = {
    "haar": BASE,
    "dataset": BASE | {"haar"},
    "cnn": BASE | {"haar", "dataset"},
    "live": BASE | {"haar", "dataset", "cnn"},
    "plots": BASE | {"haar", "dataset", "cnn", "live"},
    "ui": BASE | {"haar", "dataset", "cnn", "live", "plots"},
    "cli": BASE | {"haar", "dataset", "cnn", "live", "plots"},
    "__main__": {"cli"},
} | dict.fromkeys(BASE, BASE)
WEBRTC = {"av", "aiortc", "streamlit_webrtc"}
KERAS = {"keras", "tensorflow"}


def imports_of(path: Path) -> set[str]:
    """Every module a file imports, wherever in it: ``from a import b`` counts as ``a`` and ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def top_level(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def file_of(module: str) -> Path | None:
    path = REPOSITORY.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_imports_flow_one_way(path: Path) -> None:
    folder = path.relative_to(REPOSITORY / "emotion").parts[0].removesuffix(".py")
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("emotion.")}
    assert ours <= MAY_IMPORT[folder] | {folder}


def test_only_ui_and_pages_import_streamlit() -> None:
    users = {path.relative_to(REPOSITORY).parts[1] for path in PACKAGE if "streamlit" in top_level(path)}
    assert users == {"ui"}


def test_only_stream_touches_frames_of_webrtc() -> None:
    def users_of(modules: set[str]) -> set[str]:
        return {path.relative_to(REPOSITORY).as_posix() for path in PACKAGE if modules & top_level(path)}

    # The page's own call of webrtc_streamer is a widget, and widgets belong to ui.
    assert users_of(WEBRTC - {"av"}) == {"emotion/live/transport.py", "emotion/ui/live/camera.py"}
    # Video files need no WebRTC: whoever reads or writes one uses av.
    assert users_of({"av"}) == {f"emotion/live/{name}.py" for name in ("stream", "recorder", "film")}


def test_what_the_server_imports_never_reaches_keras() -> None:
    waiting, seen = [*PAGES, *(REPOSITORY / "emotion" / "ui").glob("*.py")], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        assert not KERAS & top_level(path), f"{path} is loaded by the server and imports Keras"
        waiting += [file for name in imports_of(path) if name.startswith("emotion") and (file := file_of(name))]
    assert REPOSITORY / "emotion/cnn/classifier.py" in seen  # The walk does reach into the package.


def test_only_what_is_tensorflow_s_alone_imports_it() -> None:
    assert {path.name for path in PACKAGE if "tensorflow" in top_level(path)} == {"making.py", "distributed.py"}


def test_files_stay_small() -> None:
    def lines(path: Path) -> int:
        return len(path.read_text(encoding="utf-8").splitlines())

    assert lines(REPOSITORY / "app.py") < 40
    assert not {path.name: lines(path) for path in PAGES if lines(path) > 120}
    assert not {str(path): lines(path) for path in PACKAGE if lines(path) > 300}
