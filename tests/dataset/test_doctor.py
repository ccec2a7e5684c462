"""The doctor on a folder in which every fault was put by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from emotion.dataset.doctor import FINDINGS, Finding, Thresholds, examine
from emotion.dataset.duplicates import NearPairs
from emotion.dataset.folder import Dataset, open_dataset
from emotion.jobs import Cancelled


def picture(seed: int) -> Image.Image:
    """Soft blobs with some grain, 48×48 gray: neither dark, bright, blank nor blurred."""
    random = np.random.default_rng(seed)
    blobs = Image.fromarray(random.integers(40, 216, (8, 8), np.uint8)).resize((48, 48), Image.Resampling.BICUBIC)
    return Image.fromarray(np.clip(np.asarray(blobs) + random.normal(0, 12, (48, 48)), 0, 255).astype(np.uint8))


def save(image: Image.Image, root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        image.save(root / path)


def write_faulty(root: Path) -> Dataset:
    """Forty good images in three splits and two classes, and one of each fault."""
    for number in range(40):
        split = ("train", "train", "validation", "test")[number % 4]
        save(picture(number), root, f"{split}/{'ab'[number // 4 % 2]}/good{number:02d}.png")
    save(picture(100), root, "train/a/twice1.png", "train/a/twice2.png")
    save(picture(101), root, "train/b/leak1.png", "train/b/leak2.png", "validation/b/leak3.png")
    save(picture(102), root, "train/a/quarrel1.png", "train/b/quarrel2.png")
    save(picture(103), root, "train/a/near1.png")
    save(picture(103).point(lambda value: value * 9 // 10), root, "test/a/near2.png")
    save(Image.new("L", (48, 48), 128), root, "train/a/blank1.png")
    save(Image.new("L", (48, 48), 130), root, "train/a/blank2.png")
    save(picture(104).point(lambda value: value // 8), root, "train/a/dark.png")
    save(picture(105).point(lambda value: 219 + value // 8), root, "train/a/bright.png")
    save(picture(106).filter(ImageFilter.GaussianBlur(4)), root, "train/a/blurred.png")
    save(picture(107).convert("RGB"), root, "train/a/colour.png")
    save(picture(108).resize((64, 48)), root, "train/a/wide.png")
    (root / "train/b/broken.png").write_bytes(b"\x89PNG and no more")
    return open_dataset(root)


def names(dataset: Dataset, rows: np.ndarray) -> list[str]:
    return [Path(dataset.everything.paths[row]).stem for row in rows]


EXPECTED = {
    "unreadable": ["broken"],
    "odd_mode": ["colour"],
    "odd_size": ["wide"],
    "blank": ["blank1", "blank2"],
    "dark": ["dark"],
    "bright": ["bright"],
    "blurred": ["blurred"],
    "duplicate": [["twice1", "twice2"], ["quarrel1", "quarrel2"], ["leak1", "leak2"]],
    "leak": [["leak1", "leak2", "leak3"]],
    "conflict": [["quarrel1", "quarrel2"]],
    "near_duplicate": [["near1", "near2"]],
}


def test_every_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path)
    report = examine(dataset, Thresholds(dark=25, blurred=20))
    found = {
        key: [names(dataset, group) for group in finding.groups] or names(dataset, finding.rows)
        for key, finding in report.findings.items()
    }
    assert {key: sorted(value) for key, value in found.items()} == {key: sorted(EXPECTED[key]) for key in EXPECTED}
    assert list(found) == list(EXPECTED) == [key for key in FINDINGS if key in EXPECTED]
    assert report.n == 57 and len(report.copies) == 3


def test_the_worst_comes_first(tmp_path: Path) -> None:
    for number, value in enumerate((30, 10, 20, 120, 120, 120)):
        save(
            picture(number).point(lambda pixel, value=value: (pixel - 128) // 8 + value),
            tmp_path,
            f"test/a/{value}{number}.png",
        )
    finding = examine(open_dataset(tmp_path), Thresholds(blank=1)).findings["dark"]
    assert finding.scores.tolist() == sorted(finding.scores.tolist()) and len(finding.scores) == 3
    assert finding.scores == pytest.approx([10, 20, 30], abs=4)


def test_thresholds_move_the_line(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path)
    assert not len(examine(dataset, Thresholds(blurred=0)).findings["blurred"].rows)
    everything = examine(dataset, Thresholds(bright=0)).findings
    blank_or_broken = len(everything["blank"].rows) + len(everything["unreadable"].rows)
    assert len(everything["bright"].rows) == 57 - blank_or_broken


def test_no_size_is_odd_where_none_is_usual(tmp_path: Path) -> None:
    for number in range(10):
        save(picture(number).resize((40 + number, 48)), tmp_path, f"test/a/{number}.png")
    assert not len(examine(open_dataset(tmp_path)).findings["odd_size"].rows)


def test_a_near_copy_brings_its_exact_copies(tmp_path: Path) -> None:
    save(picture(0), tmp_path, "test/a/0.png", "test/a/1.png")
    save(picture(0).point(lambda value: value * 9 // 10), tmp_path, "test/a/2.png")
    [group] = examine(open_dataset(tmp_path)).findings["near_duplicate"].groups
    assert group.tolist() == [0, 1, 2]


def test_the_report_as_json(tmp_path: Path) -> None:
    dataset = write_faulty(tmp_path / "자료")
    report = examine(dataset, Thresholds(dark=25, blurred=20)).adding(
        Finding("suspect", np.array([3]), scores=np.array([0.25], np.float32))
    )
    told = json.loads(json.dumps(report.to_json(dataset)))
    assert told["images"] == 57 and told["thresholds"]["near"] == 4
    assert told["exact_copies"] == {"groups": 3, "surplus": 4}
    findings = told["findings"]
    assert findings["leak"]["count"] == 3
    assert findings["leak"]["groups"] == [["train/b/leak1.png", "train/b/leak2.png", "validation/b/leak3.png"]]
    assert findings["odd_size"]["files"] == {"train/a/wide.png": "64×48"}
    assert findings["odd_mode"]["files"] == {"train/a/colour.png": "RGB"}
    assert "no readable image" in findings["unreadable"]["files"]["train/b/broken.png"]
    assert findings["blank"]["files"] == {"train/a/blank1.png": 0, "train/a/blank2.png": 0}
    assert findings["suspect"]["files"] == {dataset.everything.paths[3]: 0.25}
    assert list(findings) == [*EXPECTED, "suspect"]


def test_names_that_are_no_text_can_be_printed(tmp_path: Path) -> None:
    save(Image.new("L", (48, 48)), tmp_path, "test/a/0.png", "test/a/\udcff.png")
    dataset = open_dataset(tmp_path)
    json.dumps(examine(dataset).to_json(dataset), ensure_ascii=False).encode("utf-8")


def test_an_incomplete_search_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(picture(0), tmp_path, "test/a/0.png")
    save(picture(1), tmp_path, "test/a/1.png")
    capped = NearPairs(np.array([[0, 1]]), np.array([3], np.uint8), complete=False)
    monkeypatch.setattr("emotion.dataset.doctor.near_pairs", lambda *_: capped)
    assert not examine(open_dataset(tmp_path)).findings["near_duplicate"].complete


def test_cancelled_also_when_the_files_are_known(tmp_path: Path) -> None:
    def cancel(*_: int) -> None:
        raise Cancelled

    save(picture(0), tmp_path, "test/a/0.png")
    save(picture(0).point(lambda value: value * 9 // 10), tmp_path, "test/a/1.png")
    dataset = open_dataset(tmp_path)
    examine(dataset)
    with pytest.raises(Cancelled):
        examine(dataset, progress=cancel)
