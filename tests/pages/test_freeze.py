"""“Why is it wrong on me?”: the frozen face, what its answer hangs on, its nearest training faces, and the way on."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.neighbours import nearest
from emotion.dataset.folder import open_dataset
from emotion.haar.photos import webcam_still
from emotion.homes import REPOSITORY
from emotion.live.faces import FrameResult
from emotion.live.still import read_picture
from emotion.live.stream import LiveProcessor
from emotion.live.taking import Snapshot
from tests.pages.test_collect import open_view, photo, said, settle
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import open_page

DECK = REPOSITORY / "models" / "emotion-deck"


@pytest.fixture
def house(trained: Path, home: Path) -> Path:
    """A home with a dataset of drawn faces and a bundle that was trained on it."""
    return Path(shutil.copytree(trained, home))


@pytest.fixture
def camera() -> Iterator[LiveProcessor]:
    processor = LiveProcessor()
    show_camera(processor, webcam_still())
    yield processor
    processor.ended()


def show_camera(processor: LiveProcessor, bgr: np.ndarray) -> None:
    processor.takers.take(Snapshot(bgr, bgr, FrameResult()), 0.0)


def ask(app: AppTest, path: Path) -> AppTest:
    app.selectbox(key="live.freeze.model").select(str(path))
    return settle(app)


def captions(app: AppTest) -> list[str]:
    return [caption for image in app.image for caption in image.captions]


def answer() -> tuple[str, float]:
    """What the bundle says of the sample photo, asked outside the page."""
    said = read_picture(webcam_still(), Classifier(load_bundle(DECK)))[0].prediction
    return said.label.capitalize(), said.probability


def test_a_frozen_face_stays_while_the_video_goes_on(home: Path, camera: LiveProcessor) -> None:
    app = open_view("freeze", camera)
    assert "Press the button" in app.info[0].value and not app.image
    app.button(key="live.freeze.now").click()
    ask(settle(app), DECK)
    name, share = answer()
    assert f"**{name}**, {share:.0%} sure" in said(app)
    show_camera(camera, np.zeros((480, 640, 3), np.uint8))
    assert f"**{name}**, {share:.0%} sure" in said(settle(app))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_photo_without_a_camera(home: Path, language: str) -> None:
    app = ask(open_view("freeze", language=language), DECK)
    assert f"{answer()[1]:.0%}" in said(app)
    # The face as it is thrice: chosen, before and after altering; then two maps of what speaks for an answer.
    assert len(captions(app)) == 5 and len(app.get("plotly_chart")) == 3


def test_what_in_the_picture_misleads_is_said(home: Path) -> None:
    app = open_view("freeze")
    app.button_group(key="live.freeze.source").set_value("upload")
    settle(app)
    dark = (webcam_still() * 0.12).astype(np.uint8)
    app.file_uploader(key="live.freeze.upload").set_value(photo(cv2.resize(dark, (320, 240)), "dark.png"))
    assert "dark: turn towards the light" in said(settle(app)) and "little contrast" in said(app)


def test_no_photo_gets_a_sentence(home: Path) -> None:
    app = open_view("freeze")
    app.button_group(key="live.freeze.source").set_value("upload")
    settle(app)
    app.file_uploader(key="live.freeze.upload").set_value(("x.png", b"no image", "image/png")).run()
    assert len(app.error) == 1 and "x.png" in app.error[0].value.replace("\\", "") and not app.exception


def test_a_slider_flips_the_answer(home: Path) -> None:
    app = ask(open_view("freeze"), DECK)
    app.slider(key="evaluation.alter.brightness").set_value(-120.0)
    app.slider(key="evaluation.alter.contrast").set_value(0.0)
    assert "flipped" in said(settle(app)) or "Still" in said(app)


def test_the_nearest_training_faces(house: Path) -> None:
    tiny = house / "models" / "tiny"
    app = ask(open_view("freeze"), tiny)
    app.button(key="live.freeze.nearest").click()
    finish_jobs(app.run())
    assert app.selectbox(key="live.freeze.dataset").value == house / "datasets" / "sample"
    dataset, classifier = open_dataset(house / "datasets" / "sample"), Classifier(load_bundle(tiny))
    near = nearest(classifier, dataset, read_picture(webcam_still(), classifier)[0].crop, 8)
    walls = [tile for tile in app.get("bidi_component") if "live.freeze.wall" in tile.proto.id]
    tips = [tile["tip"] for tile in json.loads(walls[0].proto.json)["tiles"]]
    assert [tip.split("\n")[1] for tip in tips] == list(near.paths) and len(tips) == 8


def test_without_data_there_are_no_neighbours(home: Path) -> None:
    app = open_view("freeze")
    assert "live.freeze.nearest" not in [button.key for button in app.button]


def test_without_a_model_the_way_to_one_is_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [home / "models"])
    monkeypatch.setattr("streamlit.page_link", lambda page, **settings: None)  # Here is one view, without pages.
    for view in ("freeze", "teach", "game"):
        assert "There is no model yet" in open_view(view).info[0].value


def test_the_crop_goes_to_the_evaluation_page(home: Path) -> None:
    app = open_page("live")
    app.session_state["live.below.view"] = "freeze"
    settle(app)
    app.button(key="live.freeze.evaluate").click()
    settle(app)
    assert app.title[0].value == "Test the network" and app.session_state["evaluation.view"] == "One picture"
    model = Classifier(load_bundle(app.selectbox(key="model.bundle").value))
    face = read_picture(webcam_still(), model)[0]
    assert np.array_equal(app.session_state["evaluation.face"], face.crop)
