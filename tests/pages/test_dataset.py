"""The Dataset page: the ways in, every view on datasets of all kinds, and the doctor's clean copy."""

import shutil
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.dataset.folder import open_dataset
from emotion.dataset.sample import write_sample
from tests.conftest import write_faces
from tests.pages.test_pages import open_page

VIEWS = ("Overview", "Gallery", "Average faces", "Map", "Doctor")


@pytest.fixture
def drawn(home: Path) -> Path:
    return write_sample(home / "datasets" / "drawn", 140)


@pytest.fixture
def colourful(tmp_path: Path) -> Path:
    """A dataset as a person makes one: three classes, colour photos of several sizes, no splits, one broken file."""
    root = tmp_path / "내 안경"
    random = np.random.default_rng(0)
    for key in ("안경", "none 🙂", "<b>sun"):
        (root / key).mkdir(parents=True)
        for number in range(12):
            shape = (60 + 10 * number, 80, 3)
            data = cv2.imencode(".jpg", random.integers(0, 256, shape, np.uint8))[1]
            (root / key / f"{number}.jpg").write_bytes(data.tobytes())
    (root / "안경" / "broken.jpg").write_bytes(b"no image")
    return root


def finish_jobs(app: AppTest, seconds: float = 60) -> AppTest:
    """Run the page until no job is under way, as its bar does in a browser."""
    deadline = time.monotonic() + seconds
    while app.get("progress"):
        assert time.monotonic() < deadline
        if not any(job.active for job in jobs.find("")):
            app.run()
        time.sleep(0.05)
    assert not app.exception, app.exception
    return app


def open_root(root: Path, language: str = "en") -> AppTest:
    app = open_page("dataset", language)
    app.text_input(key="dataset.path").set_value(str(root)).run()
    app.button(key="dataset.open").click().run()
    return finish_jobs(app)


def look_at(app: AppTest, view: str) -> AppTest:
    app.session_state["dataset.view"] = view
    app.run()
    return finish_jobs(app)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_set_of_ones_own(colourful: Path, view: str) -> None:
    app = open_root(colourful)
    assert app.subheader[0].value.endswith("37 images")
    app = look_at(app, view)
    if view == "Doctor":
        app.button(key="dataset.doctor.start").click().run()
        app = finish_jobs(app)
        assert "Unreadable · 1" in app.button_group(key="dataset.doctor.finding").options
    assert not app.exception


def test_the_gallery_filters_sorts_and_pages(home: Path, drawn: Path) -> None:
    app = look_at(open_root(drawn), "Gallery")
    captions = [text.value for text in app.caption]
    assert (
        "140 images" in captions
        and "train/angry/train_00000.png".replace("/", r"\/").replace("_", r"\_").replace(".", r"\.") in captions
    )
    app.multiselect(key="dataset.gallery.splits").set_value([1]).run()
    app.multiselect(key="dataset.gallery.classes").set_value([3]).run()
    assert "2 images" in [text.value for text in app.caption]
    app.text_input(key="dataset.gallery.text").set_value("nowhere").run()
    assert app.info[0].value.startswith("No image fits")
    app.text_input(key="dataset.gallery.text").set_value("").run()
    app.button_group(key="dataset.gallery.order").set_value("brightness").run()
    app = finish_jobs(app)
    assert "2 images" in [text.value for text in app.caption]


def test_brightest_first(home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "set", {"train": {"a": 3, "b": 3}, "val": {"a": 1, "b": 1}}, size=48)
    (root / "train" / "b" / "001.png").write_bytes(cv2.imencode(".png", np.full((48, 48), 250, np.uint8))[1].tobytes())
    (root / "train" / "a" / "000.png").write_bytes(b"broken")
    app = look_at(open_root(root), "Gallery")
    app.button_group(key="dataset.gallery.order").set_value("brightness").run()
    app.toggle(key="dataset.gallery.down").set_value(True).run()
    app = finish_jobs(app)
    assert r"train\/b\/001\.png" in [text.value for text in app.caption]  # The first one stands large.


def test_pixels_as_numbers(drawn: Path) -> None:
    app = look_at(open_root(drawn), "Gallery")
    before = len(app.get("plotly_chart"))
    app.toggle(key="dataset.numbers").set_value(True).run()
    assert not app.exception and len(app.get("plotly_chart")) == before + 1


def test_the_doctor_finds_what_was_planted_and_writes_a_clean_copy(home: Path, drawn: Path) -> None:
    shutil.copy(drawn / "train" / "happy" / "train_00003.png", drawn / "validation" / "happy" / "leak.png")
    shutil.copy(drawn / "train" / "sad" / "train_00005.png", drawn / "train" / "fear" / "twin.png")
    (drawn / "train" / "angry" / "zero.png").write_bytes(b"")
    app = look_at(open_root(drawn), "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    found = app.button_group(key="dataset.doctor.finding").options
    assert {"Unreadable · 1", "Copies across splits · 2", "Copies with different labels · 2"} <= set(found)
    for key in ("unreadable", "conflict", "leak"):
        app.button_group(key="dataset.doctor.finding").set_value(key).run()
        assert not app.exception
    app.button(key="dataset.clean.write").click().run()
    app = finish_jobs(app)
    assert app.subheader[0].value.endswith("139 images")  # 143 less the empty one, the twins and the leaked one.
    copy = open_dataset(home / "datasets" / "drawn-clean")
    assert copy.synthetic and (copy.root / "doctor.json").exists()
    assert "validation/happy/leak.png" in copy.everything.paths
    assert "train/happy/train_00003.png" not in copy.everything.paths
    assert (drawn / "train" / "angry" / "zero.png").exists()


def test_wrong_labels_are_looked_for(drawn: Path) -> None:
    app = look_at(open_root(drawn), "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    app.button(key="dataset.doctor.labels").click().run()
    app = finish_jobs(app, 120)
    assert not app.error
    assert any(
        "Suspected label errors" in text for text in app.button_group(key="dataset.doctor.finding").options
    ) or any("Suspected label errors" in caption.value for caption in app.caption)


def test_a_zip_is_imported_and_becomes_the_session_s(home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "faces", {"train": {"a": 3, "b": 3}, "validation": {"a": 1, "b": 1}})
    with zipfile.ZipFile(tmp_path / "내 얼굴.zip", "w") as file:
        for path in sorted(root.rglob("*.png")):
            file.write(path, path.relative_to(tmp_path))
    app = open_page("dataset")
    app.button_group(key="dataset.way").set_value("file").run()
    data = (tmp_path / "내 얼굴.zip").read_bytes()
    app.file_uploader(key="dataset.upload.0").set_value(("내 얼굴.zip", data, "application/zip")).run()
    app = finish_jobs(app)
    assert app.success[0].value.startswith("Imported: 내 얼굴 · 8 images")
    assert app.subheader[0].value == "내 얼굴 · 8 images"
    assert open_page("training").title  # Another session finds it on the list.
    assert (home / "datasets" / "내 얼굴" / "train" / "a").is_dir()


def test_a_zip_that_is_none_gets_a_sentence_and_leaves_nothing(home: Path) -> None:
    app = open_page("dataset", "ko")
    app.button_group(key="dataset.way").set_value("file").run()
    app.file_uploader(key="dataset.upload.0").set_value(("x.zip", b"no zip", "application/zip")).run()
    app = finish_jobs(app)
    assert "x.zip" in app.error[0].value and "zip" in app.error[0].value
    assert list((home / "datasets").glob("*")) == []


def test_a_typed_zip_is_imported_too(home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "faces", {"": {"a": 10, "b": 10}})
    shutil.make_archive(str(tmp_path / "packed"), "zip", root)
    app = open_root(tmp_path / "packed.zip")
    assert app.subheader[0].value == "packed · 20 images"


def test_votes_are_attached_and_detached(home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "set", {"train": {"happy": 3, "sad": 3}, "val": {"happy": 1, "sad": 1}})
    rows = ["file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"]
    rows += [f"train/sad/00{number}.png,0,9,0,1,0,0,0,0,0,0" for number in range(3)]
    app = open_root(root)
    app.button_group(key="dataset.way").set_value("votes").run()
    data = "\n".join(rows).encode()
    app.file_uploader(key="dataset.ballot.0").set_value(("votes.csv", data, "text/csv")).run()
    assert app.success[0].value == "Votes are attached to 3 of 8 images."
    app = look_at(app, "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    assert "Most people disagree · 3" in app.button_group(key="dataset.doctor.finding").options
    app.button_group(key="dataset.doctor.finding").set_value("votes").run()
    assert not app.exception
    app.button(key="dataset.detach").click().run()
    assert not app.success and not app.exception


def test_a_dataset_is_forgotten_or_deleted(home: Path, drawn: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "elsewhere", {"train": {"a": 2, "b": 2}, "val": {"a": 1, "b": 1}})
    app = open_root(root)
    assert app.selectbox(key="dataset.known").options == ["elsewhere", "drawn"]
    app.button(key="dataset.forget").click().run()
    assert root.exists() and app.selectbox(key="dataset.known").options == ["drawn"]
    app.button(key="dataset.delete").click().run()
    assert not drawn.exists() and not app.exception
    assert "guard.sample" in {button.key for button in app.button}


def test_each_session_has_its_own_dataset(home: Path, drawn: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "mine", {"train": {"a": 2, "b": 2}, "val": {"a": 1, "b": 1}})
    first = open_root(drawn)
    second = open_root(root)
    assert first.run().subheader[0].value.endswith("140 images")
    assert second.run().subheader[0].value == "mine · 6 images"
    assert "mine" in second.switch_page("pages/training.py").run().caption[0].value
