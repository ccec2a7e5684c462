"""Zips as people pack them."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.archive import import_zip
from emotion.dataset.importers.tree import fit_name, plan_tree
from emotion.errors import UserError
from emotion.files import is_plain_name
from tests.dataset.importers.sources import png, tree_files, write, zip_bytes


def paths_of(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_tree_is_taken_as_it_is(tmp_path: Path) -> None:
    files = tree_files()
    source = write(tmp_path / "fer.zip", zip_bytes(files))
    told: list[tuple[int, int]] = []
    dataset = import_zip(source, tmp_path / "sets" / "fer", lambda done, total: told.append((done, total)))
    assert dataset.fingerprint() == open_dataset(tmp_path / "sets" / "fer").fingerprint()
    assert (dataset.root, dataset.title) == (tmp_path / "sets" / "fer", "fer")
    assert paths_of(dataset.root) == sorted([*files, "dataset.json"])
    assert all((dataset.root / name).read_bytes() == data for name, data in files.items())
    assert told[-1] == (48, 48)
    assert json.loads((dataset.root / "dataset.json").read_text(encoding="utf-8"))["source"] == "fer.zip"


@pytest.mark.parametrize(
    ("above", "tree"),
    [
        ("", "PublicTest/{}/a.png"),
        ("archive/fer 2013/", "train/{}/a.png"),
        ("deep/down/in/there/", "{}/a.png"),
        ("windows\\", "test\\{}\\a.png"),
        ("", "train/train/{}/a.png"),
    ],
)
def test_a_tree_further_down_is_flattened(tmp_path: Path, above: str, tree: str) -> None:
    files = {above + tree.format(key): png() for key in ("happy", "sad")}
    extra = {"README.txt": b"x", "__MACOSX/train/happy/._a.png": b"x", "train/happy/.hidden.png": b"x"}
    dataset = import_zip(io.BytesIO(zip_bytes({**files, **extra})), tmp_path / "set")
    last = tree.replace("\\", "/").replace("train/train", "train")
    assert paths_of(dataset.root) == sorted([*(last.format(key) for key in ("happy", "sad")), "dataset.json"])
    assert dataset.left_out == (("README.txt", "no image file"),)


def test_the_second_copy_in_a_download_is_left_out() -> None:
    tree = [f"{split}/{key}/{n}.jpg" for split in ("train", "test") for key in "ab" for n in range(3)]
    plan = plan_tree([*(f"images/images/{name}" for name in tree), *(f"images/{name}" for name in tree)], "x.zip")
    assert plan.root == "images/"
    assert [f"{folder}/{name}" for _, folder, name in plan.files] == tree
    assert ("images/images/train/a/* (3)", "not in the class folders") in plan.left_out and len(plan.left_out) == 4


def test_its_own_description_is_kept(tmp_path: Path) -> None:
    about = json.dumps({"title": "제목", "terms": "CC0", "synthetic": True, "source": "lies"}).encode()
    for name, text in {"good": about, "broken": b"{", "list": b"[1]"}.items():
        files = {**{f"in/{path}": data for path, data in tree_files(1).items()}, "in/dataset.json": text}
        dataset = import_zip(io.BytesIO(zip_bytes(files)), tmp_path / name)
        expected = ("제목", "CC0", True) if name == "good" else (name, "not stated", False)
        assert (dataset.title, dataset.terms, dataset.synthetic) == expected
        assert dataset.left_out == ()
    assert json.loads((tmp_path / "good" / "dataset.json").read_text(encoding="utf-8"))["source"] == "upload"


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_hangul_without_the_flag(tmp_path: Path, encoding: str) -> None:
    """Windows' own packer in Korea writes names in cp949 and sets no flag."""
    names = ["train/행복/얼굴.png", "train/슬픔/똠방각하.png"]
    placeholders = {name: sign * len(name.encode(encoding)) for name, sign in zip(names, "xy", strict=True)}
    packed = zip_bytes({placeholder: png() for placeholder in placeholders.values()})
    for name, placeholder in placeholders.items():
        packed = packed.replace(placeholder.encode(), name.encode(encoding))
    assert not any(info.flag_bits & 0x800 for info in zipfile.ZipFile(io.BytesIO(packed)).infolist())
    dataset = import_zip(io.BytesIO(packed), tmp_path / "set")
    assert set(dataset.classes) == {"행복", "슬픔"}
    assert set(dataset.everything.paths) == set(names)


def test_names_that_are_one_on_some_systems_are_kept_apart(tmp_path: Path) -> None:
    files = {"train/a/x.png": png(0), "train/a/X.png": png(1), "train/a/x?.png": png(2), "train/b/x.png": png(3)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name, data in [*files.items(), ("train/a/x.png", png(4))]:
            archive.writestr(name, data)
    dataset = import_zip(buffer, tmp_path / "set")
    paths = [path for path in dataset.everything.paths if path.startswith("train/a/")]
    assert len({path.casefold() for path in paths}) == 4
    assert {(dataset.root / path).read_bytes() for path in paths} == {png(0), png(1), png(2), png(4)}


def test_long_names_are_cut_and_stay_apart() -> None:
    long = ["가" * 90, "가" * 89 + "나", "x" * 250, "행복", "  ..", "con", 'a"b:c']
    fit = [fit_name(name, ".png") for name in long]
    assert len(set(fit)) == len(long)
    assert all(name.endswith(".png") and len(name.encode()) <= 120 for name in fit)
    assert fit[3:] == ["행복.png", "_.png", "_con.png", "abc.png"]
    assert is_plain_name(fit[3])
    assert fit_name("\u1112\u1162\u11bc\u1107\u1169\u11a8") == "행복"  # As macOS writes it.


def test_a_taken_place_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "set"
    place.mkdir()
    (place / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="exists already"):
        import_zip(io.BytesIO(zip_bytes(tree_files(1))), place)
    assert [path.name for path in tmp_path.rglob("*")] == ["set", "mine.txt"]
    (place / "mine.txt").unlink()
    assert import_zip(io.BytesIO(zip_bytes(tree_files(1))), place).root == place


def test_a_stream_stays_open(tmp_path: Path) -> None:
    stream = io.BytesIO(zip_bytes(tree_files(1)))
    stream.read()
    import_zip(stream, tmp_path / "set")
    assert not stream.closed


def test_of_two_imports_of_one_name_the_later_is_refused(tmp_path: Path) -> None:
    first, second = (
        io.BytesIO(zip_bytes({f"{key}{n}/{i}.png": png(i) for n in (1, 2) for i in range(9)})) for key in ("cat", "dog")
    )

    def meanwhile(done: int, total: int) -> None:
        if not (tmp_path / "pets").exists():
            import_zip(first, tmp_path / "pets")

    with pytest.raises(UserError, match="exists already"):
        import_zip(second, tmp_path / "pets", meanwhile)
    assert open_dataset(tmp_path / "pets").classes == ("cat1", "cat2")


def test_splits_may_spell_a_class_differently(tmp_path: Path) -> None:
    names = ["Training/Happy", "Training/Sad", "PublicTest/happy", "PublicTest/sad"]
    files = {f"{name}/{i}.png": png(i) for name in names for i in range(3)}
    taken = import_zip(io.BytesIO(zip_bytes(files)), tmp_path / "set")
    assert taken.classes == ("Happy", "Sad") and taken.counts()["validation"].tolist() == [3, 3]
