"""Clean copies hold what the rules keep, byte for byte, and say what they left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion.dataset.clean import RULES, plan, write_clean
from emotion.dataset.doctor import FINDINGS, Finding, Thresholds, examine
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes, votes_of
from emotion.errors import UserError
from emotion.jobs import Cancelled
from tests.conftest import write_faces
from tests.dataset.test_doctor import picture, save, write_faulty

LINES = Thresholds(dark=25, blurred=20)


def left_out(dataset: Dataset, *rules: str) -> dict[str, tuple[str, ...]]:
    reasons = plan(dataset, examine(dataset, LINES), rules)
    return {Path(dataset.everything.paths[row]).stem: given for row, given in reasons.items()}


def files_of(dataset: Dataset) -> dict[str, bytes]:
    return {path: (dataset.root / path).read_bytes() for path in dataset.everything.paths}


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("unreadable", {"broken"}),
        ("odd_mode", {"colour"}),
        ("odd_size", {"wide"}),
        ("blank", {"blank1", "blank2"}),
        ("dark", {"dark"}),
        ("bright", {"bright"}),
        ("blurred", {"blurred"}),
        ("duplicate", {"twice2", "quarrel2", "leak2"}),
        ("leak", {"leak1", "leak2"}),
        ("conflict", {"quarrel1", "quarrel2"}),
        ("near_duplicate", {"near1"}),
    ],
)
def test_what_each_rule_leaves_out(tmp_path: Path, rule: str, names: set[str]) -> None:
    assert left_out(write_faulty(tmp_path), rule) == dict.fromkeys(names, (rule,))


def test_every_finding_has_its_rule() -> None:
    assert list(RULES) == list(FINDINGS)


def test_rules_together_leave_one_of_each_image(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path / "faulty")
    every = [rule for rule in RULES if rule not in ("suspect", "votes")]
    clean = write_clean(dataset, examine(dataset, LINES), every, tmp_path / "clean")
    again = examine(clean, LINES)
    assert {key: len(finding.rows) for key, finding in again.findings.items()} == dict.fromkeys(every, 0)
    names = {Path(path).stem for path in clean.everything.paths}
    assert {"twice1", "leak3", "near2"} <= names and len(names) == 43


def test_groups_keep_nothing_that_another_rule_leaves_out(tmp_path: Path) -> None:
    save(picture(0), tmp_path, "train/a/0.png", "train/a/1.png", "test/a/2.png")
    save(picture(1), tmp_path, "validation/a/3.png")
    dataset = open_dataset(tmp_path)
    report = examine(dataset).adding(Finding("suspect", np.flatnonzero(dataset.split_of == 2)))
    reasons = plan(dataset, report, ["leak", "duplicate", "suspect"])
    assert {dataset.everything.paths[row]: given for row, given in reasons.items()} == {
        "train/a/1.png": ("duplicate",),
        "test/a/2.png": ("suspect",),
    }


def test_a_leak_costs_the_exam_nothing(tmp_path: Path) -> None:
    save(picture(0), tmp_path, "train/a/0.png", "validation/a/1.png", "test/a/2.png", "test/a/3.png")
    save(picture(1), tmp_path, "train/a/4.png", "validation/a/5.png")
    assert set(left_out(open_dataset(tmp_path), "leak")) == {"0", "1", "4"}


def test_an_image_may_go_for_several_reasons(tmp_path: Path) -> None:
    save(picture(0), tmp_path, *(f"test/a/{number}.png" for number in range(20)))
    save(Image.new("RGB", (10, 10)), tmp_path, "test/a/odd.png")
    assert left_out(open_dataset(tmp_path), "blank", "odd_size", "odd_mode") == {
        "odd": ("odd_mode", "odd_size", "blank")
    }


def test_the_copy_is_byte_for_byte_and_the_original_stays(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path / "원본 🙂")
    (dataset.root / "dataset.json").write_text('{"title": "얼굴", "terms": "MIT", "synthetic": true}', encoding="utf-8")
    dataset, told = open_dataset(dataset.root), []
    before = files_of(dataset)
    report = examine(dataset, LINES)
    clean = write_clean(dataset, report, ["dark", "leak"], tmp_path / "사본", lambda *step: told.append(step))
    gone = {"train/a/dark.png", "train/b/leak1.png", "train/b/leak2.png"}
    assert files_of(clean) == {path: data for path, data in before.items() if path not in gone}
    assert files_of(open_dataset(dataset.root)) == before
    assert (clean.title, clean.terms, clean.synthetic) == ("얼굴", "MIT", True)
    assert told[-1] == (54, 54)
    doctor = json.loads((clean.root / "doctor.json").read_text(encoding="utf-8"))
    assert doctor["source"] == "원본 🙂" and doctor["fingerprint"] == dataset.fingerprint()
    assert doctor["rules"] == {"dark": 1, "leak": 2} and (doctor["images"], doctor["kept"]) == (57, 54)
    assert doctor["left_out"]["train/a/dark.png"] == ["dark"] and set(doctor["left_out"]) == gone
    assert doctor["thresholds"]["dark"] == 25 and doctor["date"].endswith("+00:00")


def test_drawn_splits_become_folders(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"": {"a": 20, "b": 30}}))
    (tmp_path / "set/a/000.png").write_bytes(b"no image")
    clean = write_clean(dataset, examine(dataset), ["unreadable"], tmp_path / "clean")
    drawn = {f"{split}/{path}" for split, part in dataset.splits.items() for path in part.paths}
    assert set(clean.everything.paths) == {path for path in drawn if not path.endswith("a/000.png")}
    assert set(clean.splits) == {"train", "validation", "test"}


def test_names_that_meet_are_numbered(tmp_path: Path) -> None:
    save(picture(0), tmp_path / "set", "val/a/0.png", "train/a/0.png")
    save(picture(1), tmp_path / "set", "PublicTest/a/0.png")
    save(picture(2), tmp_path / "set", "PublicTest/a/0-2.png")
    dataset = open_dataset(tmp_path / "set")
    clean = write_clean(dataset, examine(dataset), [], tmp_path / "clean")
    assert sorted(clean.everything.paths) == [
        "train/a/0.png", "validation/a/0-2.png", "validation/a/0-3.png", "validation/a/0.png",
    ]  # fmt: skip
    assert sorted(files_of(clean).values()) == sorted(files_of(dataset).values())


def test_names_that_some_file_systems_take_for_one_are_numbered_too(tmp_path: Path) -> None:
    save(picture(0), tmp_path / "set", "val/a/me.png", "train/a/0.png")
    save(picture(1), tmp_path / "set", "PublicTest/a/ME.png")
    clean = write_clean(open_dataset(tmp_path / "set"), examine(open_dataset(tmp_path / "set")), [], tmp_path / "clean")
    assert len({path.casefold() for path in clean.everything.paths}) == 3


@pytest.mark.parametrize("exists", ["folder", "file"])
def test_what_exists_is_left_alone(tmp_path: Path, exists: str) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"test": {"a": 3}}))
    taken = tmp_path / "taken"
    taken.mkdir() if exists == "folder" else taken.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="exists, so it is left alone"):
        write_clean(dataset, examine(dataset), [], taken)


def test_a_copy_inside_the_original_is_refused(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"test": {"a": 3}}))
    with pytest.raises(UserError, match="lies in the dataset"):
        write_clean(dataset, examine(dataset), [], tmp_path / "set" / "clean")


@pytest.mark.parametrize(("path", "lost"), [("test/a/0.png", "“a”"), ("train/b/0.png", "“train”")])
def test_nothing_left_of_a_class_or_a_split(tmp_path: Path, path: str, lost: str) -> None:
    save(picture(0), tmp_path / "set", "test/b/good.png", "validation/b/good.png")
    save(Image.new("L", (48, 48)), tmp_path / "set", path)
    dataset = open_dataset(tmp_path / "set")
    with pytest.raises(UserError, match=lost):
        write_clean(dataset, examine(dataset), ["blank"], tmp_path / "clean")
    assert not (tmp_path / "clean").exists()


def test_a_name_that_no_disk_takes(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"test": {"a": 3}}))
    with pytest.raises(UserError, match="can't be written"):
        write_clean(dataset, examine(dataset), [], tmp_path / ("가" * 200))


def test_a_rule_that_nothing_was_looked_for_by(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path, {"test": {"a": 3}}))
    with pytest.raises(UserError, match=r"“suspect”.*near_duplicate"):
        plan(dataset, examine(dataset), ["blank", "suspect"])


def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"test": {"a": 3}}))
    report = examine(dataset)

    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_clean(dataset, report, [], tmp_path / "out" / "clean", cancel)
    (tmp_path / "set/test/a/001.png").unlink()
    with pytest.raises(UserError, match=r"001\.png can't be read"):
        write_clean(dataset, report, [], tmp_path / "out" / "clean")
    assert not list((tmp_path / "out").iterdir())


def test_votes_go_with_the_copy_where_file_names_are_there_twice(tmp_path: Path, home: Path) -> None:
    dataset = open_dataset(
        write_faces(tmp_path / "set", {"Training": {"happy": 6, "sad": 6}, "PublicTest": {"sad": 3}})
    )
    rows = [f"{path},0,{number},0,1{',0' * 6}" for number, path in enumerate(dataset.everything.paths)]
    (tmp_path / "votes.csv").write_text("\n".join([f"file,{','.join(COLUMNS)}", *rows]), encoding="utf-8")
    attach_votes(dataset, tmp_path / "votes.csv")
    gone = Finding("suspect", np.array([2]))
    copy = write_clean(dataset, examine(dataset).adding(gone), ["suspect"], tmp_path / "copy")
    numbers = [number for number in range(15) if number != 2]
    assert votes_of(copy).counts[:, 1].tolist() == numbers and (votes_of(copy).counts[:, 3] == 1).all()


def test_of_two_copies_of_one_name_the_later_is_refused(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path / "faulty")

    def first(done: int, total: int) -> None:
        if done == total and not (tmp_path / "clean").exists():
            write_clean(dataset, report, ["dark"], tmp_path / "clean")

    report = examine(dataset, LINES)
    with pytest.raises(UserError, match="exists"):
        write_clean(dataset, report, ["bright"], tmp_path / "clean", first)
    assert "bright" in {Path(path).stem for path in open_dataset(tmp_path / "clean").everything.paths}
