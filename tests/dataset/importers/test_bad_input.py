"""The table of what may come in: each gets one clear sentence, nothing is half-imported, no source is touched."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from emotion.dataset.importers import archive, import_any
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.jobs import Cancelled
from tests.dataset.importers.sources import (
    CSV_HEADER,
    csv_bytes,
    csv_row,
    png,
    tree_files,
    utkface_files,
    write,
    zip_bytes,
)


def zip_with(name: str, data: bytes = b"x", **attributes: int) -> bytes:
    """A good tree and one entry more, whose name and attributes no packer would correct."""
    buffer = io.BytesIO(zip_bytes(tree_files(1)))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        for key, value in attributes.items():
            setattr(info, key, value)
        archive.writestr(info, data)
    return buffer.getvalue()


def encrypted() -> bytes:
    """A zip whose last entry says in both its headers that it is locked."""
    data = bytearray(zip_with("train/happy/locked.png"))
    data[data.rfind(b"PK\3\4") + 6] |= 1
    data[data.rfind(b"PK\1\2") + 8] |= 1
    return bytes(data)


def wrong_crc() -> bytes:
    """A zip in which one byte of a stored image has changed."""
    data = bytearray(zip_bytes(tree_files(1), zipfile.ZIP_STORED))
    data[data.find(b"IHDR") + 5] ^= 1
    return bytes(data)


ROW = csv_row(side=2)
BAD: dict[str, tuple[str, bytes, str]] = {
    "../": ("a.zip", zip_with("train/../../evil.png"), r"train/\.\./\.\./evil\.png in a\.zip points out of the folder"),
    "..\\": ("a.zip", zip_with("train\\..\\..\\evil.png"), "points out of the folder"),
    "absolute": ("a.zip", zip_with("/etc/evil.png"), "/etc/evil.png in a.zip points out of the folder"),
    "drive": ("a.zip", zip_with("C:\\evil.png"), "points out of the folder"),
    "symlink": ("a.zip", zip_with("train/happy/l.png", b"/etc/passwd", external_attr=0o120777 << 16), "is a link"),
    "encrypted": ("a.zip", encrypted(), r"train/happy/locked\.png in a\.zip is locked with a password"),
    "zip in zip": ("a.zip", zip_bytes({"x/inner.zip": b"PK"}), r"another archive, x/inner\.zip. Unpack it first"),
    "truncated zip": ("a.zip", zip_bytes(tree_files())[:-60], "is cut off or damaged"),
    "no directory": ("a.zip", zip_bytes(tree_files())[:2000], "is cut off or damaged"),
    "crc": ("a.zip", wrong_crc(), r"train/happy/0\.png in a\.zip can't be unpacked"),
    "no zip": ("a.zip", b"\x89PNG and more", "is no zip file"),
    "empty zip file": ("a.zip", b"", "is no zip file"),
    "no entries": ("a.zip", zip_bytes({}), "holds no images in class folders"),
    "no images": ("a.zip", zip_bytes({"train/happy/a.txt": b"x"}), "holds no images in class folders"),
    "no classes": ("a.zip", zip_bytes({"train/a.png": png(), "b.png": png()}), "holds no images in class folders"),
    "neither": ("a.rar", b"Rar!", "is neither a zip nor a csv"),
    "short row": ("f.csv", (CSV_HEADER + ROW + "3,1 2 3 4\n").encode(), "line 3: expected 3 columns, found 2"),
    "long row": ("f.csv", (CSV_HEADER + "3,1 2 3 4,Training,x\n").encode(), "line 2: expected 3 columns, found 4"),
    "letters": ("f.csv", (CSV_HEADER + "3,1 2 x 4,Training\n").encode(), "line 2: “x” is no pixel"),
    "256": ("f.csv", (CSV_HEADER + ROW + "3,1 2 256 4,Training\n").encode(), "line 3: “256” is no pixel"),
    "negative": ("f.csv", (CSV_HEADER + "3,-1 2 3 4,Training\n").encode(), "line 2: “-1” is no pixel"),
    "no square": ("f.csv", (CSV_HEADER + "3,1 2 3,Training\n").encode(), "line 2: 3 pixels are no square"),
    "another size": ("f.csv", (CSV_HEADER + ROW + "3,1,Training\n").encode(), "line 3: 1 pixels are no square of 2"),
    "no pixels": ("f.csv", (CSV_HEADER + "3,,Training\n").encode(), "line 2: 0 pixels"),
    "label": ("f.csv", (CSV_HEADER + csv_row(7)).encode(), "line 2: “7” is no emotion"),
    "usage": ("f.csv", (CSV_HEADER + csv_row(usage="Practice")).encode(), "line 2: “Practice” is no usage"),
    "column": ("f.csv", b"pixels\n1 2 3 4\n", "has no columns “emotion” and “pixels”"),
    "empty": ("f.csv", b"", "has no columns"),
    "no rows": ("f.csv", CSV_HEADER.encode(), "holds no faces"),
    "binary": ("f.csv", CSV_HEADER.encode() + b"\xff\xfe\x00", "is no csv in UTF-8"),
    "endless line": ("f.csv", CSV_HEADER.encode() + b"3,1" + b" 1" * 100_000, "the line is too long"),
    "csv in a damaged zip": (
        "a.zip",
        zip_bytes({"fer2013.csv": csv_bytes()}, zipfile.ZIP_STORED).replace(b"Training", b"training", 1),
        r"fer2013\.csv in a\.zip can't be unpacked",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    name, data, says = BAD[case]
    source, sets = write(tmp_path / "sources" / name, data), tmp_path / "sets"
    with pytest.raises(UserError, match=says):
        import_any(source, "new", sets)
    assert not sets.exists() or os.listdir(sets) == []
    assert source.read_bytes() == data and os.listdir(source.parent) == [name]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"MOST_ENTRIES": 5}, "has 12 entries, and 5 are the most"),
        ({"MOST_BYTES": 50_000}, "swells up"),
        ({"MOST_BYTES_A_FILE": 20_000}, r"swells up .* at train/happy/0\.bmp"),
        ({"RATIO_FROM": 50_000, "MOST_RATIO": 10}, "swells up"),
    ],
)
def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], says: str) -> None:
    bmp = cv2.imencode(".bmp", np.zeros((150, 150), np.uint8))[1].tobytes()
    data = zip_bytes({f"train/{key}/{n}.bmp": bmp for key in ("happy", "sad") for n in range(6)})
    for name, value in limits.items():
        monkeypatch.setattr(archive, name, value)
    with pytest.raises(UserError, match=says):
        import_any(write(tmp_path / "a.zip", data), "new", tmp_path / "sets")
    assert not (tmp_path / "sets").exists() or os.listdir(tmp_path / "sets") == []
    monkeypatch.undo()
    assert len(import_any(tmp_path / "a.zip", "new", tmp_path / "sets")[0].everything.paths) == 12


def test_a_bomb_in_its_real_size(tmp_path: Path) -> None:
    data = zip_bytes({"train/happy/0.bmp": bytes(archive.RATIO_FROM + 1), "train/sad/0.png": png()})
    assert len(data) * archive.MOST_RATIO < archive.RATIO_FROM + 1_000_000
    source = write(tmp_path / "a.zip", data)
    with pytest.raises(UserError, match="swells up"):
        import_any(source, "new", tmp_path / "sets")
    assert os.listdir(tmp_path / "sets") == []


@pytest.mark.parametrize(
    "name", ["행복한 얼굴 🙂.png", "it's “quoted”.png", "'\".png", "x" * 246 + ".png", "가" * 80 + ".png"]
)
def test_any_name_is_taken_and_loads(tmp_path: Path, name: str) -> None:
    files = {f"train/{key}/{name}": png(n) for n, key in enumerate(("분노 😠", "y" * 250))}
    (dataset,) = import_any(write(tmp_path / "이름.zip", zip_bytes(files)), "새 데이터", tmp_path / "sets")
    images = dataset.load("train", (8, 8))
    assert len(images.pixels) == 2 and not images.unreadable
    assert all(len(part.encode()) <= 255 for path in images.paths for part in path.split("/"))
    assert "분노 😠" in dataset.classes


def encoded(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_odd_images_are_taken_and_the_unreadable_are_listed(tmp_path: Path) -> None:
    gray = PIL.Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    deep = PIL.Image.fromarray((np.arange(64, dtype=np.uint16) * 257).reshape(8, 8))
    huge = cv2.imencode(".png", np.zeros((20_000, 20_000), np.uint8))[1].tobytes()
    files = {
        "gray.png": encoded(gray, "PNG"),
        "16 bit.png": encoded(deep, "PNG"),
        "cmyk.jpg": encoded(gray.convert("CMYK"), "JPEG"),
        "animated.webp": encoded(gray, "WEBP", save_all=True, append_images=[gray.rotate(90)], lossless=True),
        "huge.png": huge,
        "cut.png": png(size=48)[:200],
        "empty.png": b"",
    }
    data = zip_bytes({f"train/odd/{name}": data for name, data in files.items()} | {"validation/odd/0.png": png()})
    (dataset,) = import_any(write(tmp_path / "a.zip", data), "odd", tmp_path / "sets")
    images = dataset.load("train", (8, 8))
    names = [Path(path).name for path in images.paths]
    reasons = {Path(path).name: reason for path, reason in images.unreadable}
    assert {"gray.png", "16 bit.png", "cmyk.jpg"} <= set(names)
    assert {"huge.png", "empty.png"} <= set(reasons) and "megapixels" in reasons["huge.png"]
    assert set(names) | set(reasons) == {*files} and not set(names) & set(reasons)
    for name in ("16 bit.png", "gray.png"):
        assert (images.pixels[names.index(name)] == np.asarray(gray)).all()


@pytest.mark.parametrize("kind", ["tree", "csv", "csv in a zip", "utkface"])
@pytest.mark.parametrize("after", [0, 1])
def test_cancelled_half_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, after: int) -> None:
    name, data = {
        "tree": ("a.zip", zip_bytes(tree_files())),
        "csv": ("a.csv", csv_bytes()),
        "csv in a zip": ("a.zip", zip_bytes({"icml_face_data.csv": csv_bytes()})),
        "utkface": ("a.zip", zip_bytes(utkface_files())),
    }[kind]
    monkeypatch.setattr("emotion.dataset.importers.making._PACE", -1)
    told: list[int] = []

    def cancel(done: int, total: int) -> None:
        told.append(done)
        if len(told) > after * total / 2 or done > total / 2:
            assert any((tmp_path / "sets").iterdir())
            raise Cancelled

    with pytest.raises(Cancelled):
        import_any(write(tmp_path / name, data), "new", tmp_path / "sets", cancel)
    assert os.listdir(tmp_path / "sets") == [] and (tmp_path / name).read_bytes() == data


IMPORT = "import sys, pathlib; from emotion.dataset.importers import import_any; from emotion.errors import UserError\n"


def python(code: str, *arguments: object, prefix: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own, after ``prefix`` in a shell that may mount what it likes."""
    command = [sys.executable, "-c", IMPORT + code, *map(str, arguments)]
    if prefix:
        command = ["unshare", "-rm", "sh", "-c", f'{prefix} && exec "$@"', "sh", *command]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=120)


def may_mount() -> bool:
    try:
        return subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not may_mount(), reason="unshare -rm, which mounts without rights, is refused here")
@pytest.mark.parametrize(
    ("mount", "says"), [("-o ro", "Read-only file system"), ("-o size=1m", "No space left on device")]
)
@pytest.mark.parametrize("kind", ["tree", "csv"])
def test_nowhere_to_write(tmp_path: Path, mount: str, says: str, kind: str) -> None:
    """Root ignores chmod, so these are a read-only and a full disk for real."""
    sets = tmp_path / "sets"
    sets.mkdir()
    large = {f"train/{key}/{n}.png": png(n, 200) for key in "ab" for n in range(20)}
    rows = "".join(csv_row(n % 7, seed=n, side=150) for n in range(60))
    data = zip_bytes(large) if kind == "tree" else (CSV_HEADER + rows).encode()
    source = write(tmp_path / ("a.zip" if kind == "tree" else "a.csv"), data)
    code = """
import os
try:
    import_any(pathlib.Path(sys.argv[1]), "new", pathlib.Path(sys.argv[2]))
except UserError as error:
    print(error, os.listdir(sys.argv[2]))
"""
    done = python(code, source, sets, prefix=f"mount -t tmpfs {mount} tmpfs '{sets}'")
    assert f"new can't be written ({says})" in done.stdout and done.stdout.endswith("[]\n"), done.stdout + done.stderr
    assert source.read_bytes() == data


def test_what_a_killed_import_left_is_swept(tmp_path: Path) -> None:
    source, sets = write(tmp_path / "a.zip", zip_bytes(tree_files())), tmp_path / "sets"
    code = IMPORT + (
        "import time; import emotion.dataset.importers.making as making; making._PACE = -1\n"
        "import_any(pathlib.Path(sys.argv[1]), 'killed', pathlib.Path(sys.argv[2]), lambda done, _: time.sleep(60))"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(source), str(sets)], cwd=REPOSITORY)
    deadline = time.monotonic() + 60
    while not list(sets.glob(".killed.*/train/happy/*.png")) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert [path.name.startswith(".killed.") for path in sets.iterdir()] == [True]
    import_any(source, "new", sets)
    assert os.listdir(sets) == ["new"]
