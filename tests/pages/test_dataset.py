"""The Dataset page: the ways in, every view on datasets of all kinds, and the doctor's clean copy."""

import os
import shutil
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.dataset.folder import open_dataset
from emotion.dataset.sample import write_sample
from emotion.errors import UserError
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
    app.text_input(key="dataset.path").set_value(str(root))
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
    app.multiselect(key=f"dataset.gallery.classes.{drawn}").set_value([3]).run()
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
    assert {"Unreadable · 1", "Copies across splits · 1", "Copies with different labels · 1"} <= set(found)
    for key in ("unreadable", "conflict", "leak"):
        app.button_group(key="dataset.doctor.finding").set_value(key).run()
        assert not app.exception
    # Of the leaked pair the copy in the exam stays; of twins with two labels none does.
    ticks = {box.label for box in app.checkbox}
    assert {"Unreadable · −1", "Copies across splits · −1", "Copies with different labels · −2"} <= ticks
    app.button(key="dataset.clean.write").click().run()
    app = finish_jobs(app)
    assert app.subheader[0].value.endswith("139 images")  # 143 less the empty one, the twins and the leaked one.
    copy = open_dataset(home / "datasets" / "drawn-clean")
    assert copy.synthetic and (copy.root / "doctor.json").exists()
    assert "validation/happy/leak.png" in copy.everything.paths
    assert "train/happy/train_00003.png" not in copy.everything.paths
    assert (drawn / "train" / "angry" / "zero.png").exists()


def test_wrong_labels_are_looked_for(home: Path) -> None:
    root = write_sample(home / "datasets" / "drawn", 700)
    happy, sad = (sorted((root / "train" / key).iterdir()) for key in ("happy", "sad"))
    for one, other in zip(happy[:8], sad[:8], strict=True):
        data = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(data)
    app = look_at(open_root(root), "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    app.button(key="dataset.doctor.labels").click().run()
    app = finish_jobs(app, 120)
    assert not app.error
    (job,) = [job for job in jobs.find(f"suspects:{root}") if job.result is not None]
    swapped = {
        open_dataset(root).everything.paths.index(f"train/{path.parent.name}/{path.name}")
        for path in happy[:8] + sad[:8]
    }
    found = job.result.rows.tolist()
    assert len(swapped & set(found)) >= 11
    assert f"Suspected label errors · {len(found)}" in app.button_group(key="dataset.doctor.finding").options
    assert app.button_group(key="dataset.doctor.finding").value == "suspect"


def test_a_file_that_goes_after_the_examination_is_named(drawn: Path) -> None:
    app = look_at(open_root(drawn), "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    (drawn / "train" / "sad" / "train_00005.png").write_bytes(b"broken since")
    app.button(key="dataset.doctor.labels").click().run()
    app = finish_jobs(app, 120)
    assert r"train\/sad\/train\_00005\.png could be read before" in app.error[0].value


def test_a_changed_file_is_examined_anew(drawn: Path) -> None:
    path = drawn / "train" / "sad" / "train_00005.png"
    good = path.read_bytes()
    path.write_bytes(b"broken")
    app = look_at(open_root(drawn), "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    assert "Unreadable · 1" in app.button_group(key="dataset.doctor.finding").options
    path.write_bytes(good)
    st.cache_data.clear()  # As ten seconds do.
    app.run()
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    assert not any(group.key == "dataset.doctor.finding" for group in app.button_group) or (
        "Unreadable · 1" not in app.button_group(key="dataset.doctor.finding").options
    )


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
    assert app.success[0].value == "New: 내 얼굴 · 8 images."
    assert app.subheader[0].value == "내 얼굴 · 8 images"
    assert open_page("training").title  # Another session finds it on the list.
    assert (home / "datasets" / "내 얼굴" / "train" / "a").is_dir()


def test_a_zip_that_is_none_gets_a_sentence_and_leaves_nothing(home: Path) -> None:
    app = open_page("dataset", "ko")
    app.button_group(key="dataset.way").set_value("file").run()
    app.file_uploader(key="dataset.upload.0").set_value(("x.zip", b"no zip", "application/zip")).run()
    app = finish_jobs(app)
    assert app.error[0].value.startswith("x\\.zip: zip 파일이 아니에요")
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
    assert app.success[0].value == "Votes are attached to 3 of 8 images of “set”."
    app = look_at(app, "Doctor")
    app.button(key="dataset.doctor.start").click().run()
    app = finish_jobs(app)
    assert "The votes say otherwise · 3" in app.button_group(key="dataset.doctor.finding").options
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
    training = second.switch_page("pages/training.py").run()
    assert training.selectbox(key="training.dataset").value == root


def test_a_session_keeps_the_dataset_it_met_whatever_another_one_opens(home: Path, drawn: Path, tmp_path: Path) -> None:
    idle = open_page("dataset")
    assert "140 images" in idle.subheader[0].value
    open_root(write_faces(tmp_path / "newer", {"train": {"a": 2, "b": 2}, "val": {"a": 1, "b": 1}}))
    assert "140 images" in idle.run().subheader[0].value
    assert "newer" in open_page("dataset").subheader[0].value


def test_a_dataset_that_has_gone_is_missed_aloud(home: Path, drawn: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "gone", {"train": {"a": 2, "b": 2}, "val": {"a": 1, "b": 1}})
    app = open_root(root)
    shutil.rmtree(root)
    app.run()
    assert "is not there any more" in app.warning[0].value and "140 images" in app.subheader[0].value
    assert not app.run().warning


def zipped(root: Path) -> bytes:
    return Path(shutil.make_archive(str(root), "zip", root)).read_bytes()


def test_two_imports_of_one_name_at_once_are_two_datasets(home: Path, tmp_path: Path) -> None:
    one, other = (
        zipped(write_faces(tmp_path / str(count), {"train": {"a": count, "b": 5}, "val": {"a": 1, "b": 1}}))
        for count in (400, 7)
    )
    first, second = open_page("dataset"), open_page("dataset")
    for app, data in ((first, one), (second, other)):
        app.button_group(key="dataset.way").set_value("file").run()
        app.file_uploader(key="dataset.upload.0").set_value(("faces.zip", data, "application/zip")).run()
    shown = {finish_jobs(app).subheader[0].value for app in (first, second)}
    assert {text.split(" · ")[1] for text in shown} == {"407 images", "14 images"}
    assert {path.name for path in (home / "datasets").iterdir()} == {"faces", "faces 2"}


def test_what_came_of_an_import_is_said_after_a_reload(
    home: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.start("import:0:lost", lambda told: (_ for _ in ()).throw(UserError("lost.zip is no zip.")))
    assert job.wait(5)
    assert not open_page("dataset").error  # Its own session may still come and ask.
    monkeypatch.setattr("emotion.ui.dataset.opening._PATIENCE", 0.0)
    assert open_page("dataset").error[0].value == "lost.zip is no zip."
    assert not open_page("dataset").error


@pytest.mark.parametrize("view", VIEWS)
def test_names_that_are_no_text_are_passed_over(home: Path, tmp_path: Path, view: str) -> None:
    root = write_faces(tmp_path / "set", {"train": {"a": 6, "b": 6}, "val": {"a": 2, "b": 2}})
    picture = (root / "train" / "a" / "000.png").read_bytes()
    cp949 = "가".encode("cp949")
    os.makedirs(os.fsencode(root) + b"/train/" + cp949)
    for name in (b"/train/" + cp949 + b"/1.png", b"/train/a/" + cp949 + b".png"):
        with open(os.fsencode(root) + name, "wb") as file:
            file.write(picture)
    app = look_at(open_root(root), view)
    assert not app.exception and not app.error and "16 images" in app.subheader[0].value


def test_a_dataset_of_a_name_that_is_no_text_gets_a_sentence(home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "set", {"train": {"a": 1, "b": 1}})
    os.rename(root, os.fsencode(tmp_path) + "가".encode("cp949"))
    with pytest.raises(UserError, match="no text in UTF-8"):
        open_dataset(os.fsdecode(os.fsencode(tmp_path) + "가".encode("cp949")))


def test_an_empty_box_says_what_belongs_into_it(home: Path) -> None:
    app = open_page("dataset")
    app.button(key="dataset.open").click().run()
    assert app.error[0].value.startswith("The box is empty.")
