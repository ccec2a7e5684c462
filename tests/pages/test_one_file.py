"""One picture: whose face it is, what is done to it, and what the network then says."""

import base64
import io

import cv2
import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion.cnn.alter import RANGES, Alteration, alter, sweep
from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.haar.crop import crop_face
from emotion.haar.photos import astronaut, webcam_still
from emotion.labels import label_of
from emotion.live.still import read_picture
from tests.pages.test_pages import open_page

pytestmark = pytest.mark.usefixtures("deck_first")
FACE = "evaluation.face"


@pytest.fixture(scope="module")
def deck() -> Classifier:
    return Classifier(find_bundle("emotion-deck"))


def move(page: AppTest, name: str, value: float) -> AppTest:
    page.slider(key=f"evaluation.alter.{name}").set_value(value).run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """The sentence about the answer."""
    return " ".join(message.value for message in (*page.info, *page.warning)).replace("\\", "")


def named(classifier: Classifier, face: np.ndarray) -> str:
    return label_of(classifier.bundle.card.classes[classifier.predict(face[np.newaxis])[0].argmax()]).english


def picture_of(page: AppTest, photo: np.ndarray) -> AppTest:
    page.session_state["evaluation.picture"] = photo
    page.run()
    assert not page.exception and not page.error
    return page


def test_the_answer_is_that_of_the_altered_face(home, deck) -> None:
    page = open_page("evaluation")
    face = read_picture(webcam_still(), deck)[0].crop
    np.testing.assert_array_equal(page.session_state[FACE], face)
    assert f"**{named(deck, face)}**" in said(page) and page.button(key="evaluation.alter.reset").disabled
    flipped = next(turn for turn in range(1, 46) if named(deck, alter(face, Alteration(rotation=turn))) != "Happy")
    before = move(page, "rotation", flipped - 1)
    assert f"Still **Happy**, at rotation {flipped - 1}°." in said(before)
    after = move(page, "rotation", flipped)
    other = named(deck, alter(face, Alteration(rotation=flipped)))
    assert f"flipped from **Happy** to **{other}** at rotation {flipped}°." in said(after)
    assert any(f"{flipped}°: Happy → {other}" in text.value for text in page.caption)
    page.button(key="evaluation.alter.reset").click().run()
    assert "flipped" not in said(page)
    assert all(page.slider(key=f"evaluation.alter.{name}").value == span.neutral for name, span in RANGES.items())


def test_the_chart_follows_the_slider_that_was_moved_last(home) -> None:
    page = move(open_page("evaluation"), "blur", 1.5)
    assert page.button_group(key="evaluation.sweep").value == "blur"
    move(page, "contrast", 50.0)
    assert page.button_group(key="evaluation.sweep").value == "contrast"
    assert "contrast 50%" in said(page) and "blur 1.5 px" in said(page)
    page.switch_page("pages/home.py").run()
    page.switch_page("pages/evaluation.py").run()
    assert page.slider(key="evaluation.alter.blur").value == 1.5


def test_the_whole_range_is_asked_once_for_all_places_of_its_slider(home, monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("emotion.ui.evaluation.altering.sweep", lambda *said: asked.append(said[3]) or sweep(*said))
    st.cache_data.clear()
    page = open_page("evaluation")
    for name, value in (("rotation", 3), ("rotation", 4), ("blur", 1), ("blur", 2)):
        move(page, name, float(value))
    assert asked == ["rotation", "blur"]


def test_a_picture_taken_as_it_is(home, deck) -> None:
    page = open_page("evaluation")
    found = page.session_state[FACE]
    page.toggle(key="evaluation.whole").set_value(True).run()
    gray = cv2.cvtColor(webcam_still(), cv2.COLOR_BGR2GRAY)
    np.testing.assert_array_equal(page.session_state[FACE], crop_face(gray, (0, 0, 640, 480), 48))
    assert not np.array_equal(page.session_state[FACE], found)


@pytest.mark.parametrize("shape", ["gray", "bgr"])
def test_a_picture_that_another_page_hands_over_is_chosen(home, shape: str) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    page = open_page("evaluation")
    picture_of(page, gray if shape == "gray" else cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    assert page.button_group(key="evaluation.source").value == "handed"
    np.testing.assert_array_equal(page.session_state[FACE], gray)
    page.button_group(key="evaluation.source").set_value("sample").run()  # It does not insist.
    assert page.button_group(key="evaluation.source").value == "sample"
    picture_of(page, 255 - gray)
    np.testing.assert_array_equal(page.session_state[FACE], 255 - gray)


def test_every_face_can_be_chosen(home, deck) -> None:
    """Two faces, the right one larger: it is number 1."""
    small = cv2.resize(astronaut()[:256, 90:346], (200, 200))
    photo = np.full((300, 560, 3), 90, np.uint8)
    photo[50:250, 20:220] = small[:, ::-1]
    photo[:300, 250:550] = cv2.resize(small, (300, 300))
    faces = read_picture(photo, deck)
    assert len(faces) == 2 and faces[0].xyxy[0] > faces[1].xyxy[0]
    page = picture_of(open_page("evaluation"), photo)
    np.testing.assert_array_equal(page.session_state[FACE], faces[0].crop)
    page.session_state["evaluation.number"] = 1
    page.run()
    np.testing.assert_array_equal(page.session_state[FACE], faces[1].crop)
    turned = photo[:, ::-1].copy()
    page = picture_of(page, turned)  # Another photo begins with its largest face.
    np.testing.assert_array_equal(page.session_state[FACE], read_picture(turned, deck)[0].crop)


def test_a_photo_stays_when_its_box_forgets_it(home) -> None:
    buffer = io.BytesIO()
    Image.fromarray(astronaut()[..., ::-1]).save(buffer, "PNG")
    page = open_page("evaluation")
    page.button_group(key="evaluation.source").set_value("upload").run()
    assert FACE in page.session_state and not page.slider  # Nothing to alter before there is a photo.
    page.file_uploader(key="evaluation.upload").set_value(("a_1.png", buffer.getvalue(), "image/png")).run()
    face = page.session_state[FACE]
    page.switch_page("pages/home.py").run()
    page.switch_page("pages/evaluation.py").run()
    assert not page.exception and page.slider
    np.testing.assert_array_equal(page.session_state[FACE], face)


def test_two_models_are_asked_about_the_same_face(home) -> None:
    page = open_page("evaluation")
    others = page.multiselect(key="evaluation.others")
    gender = next(path for path in others.options if "gender" in path)
    assert len(page.get("plotly_chart")) == 3  # Photo, bars, sweep.
    others.select(gender).run()
    assert not page.exception and len(page.get("plotly_chart")) == 4


def test_what_is_pasted_is_a_photo(home, monkeypatch) -> None:
    png = base64.b64encode(cv2.imencode(".png", webcam_still())[1].tobytes()).decode()
    pasted = type("Pasted", (), {"pasted": png})()
    monkeypatch.setattr("emotion.ui.paste._paste", lambda **settings: pasted)
    page = open_page("evaluation")
    face = page.session_state[FACE]
    page.button_group(key="evaluation.source").set_value("paste").run()
    assert not page.exception
    np.testing.assert_array_equal(page.session_state[FACE], face)
    monkeypatch.setattr("emotion.ui.paste._paste", lambda **settings: type("Nothing", (), {"pasted": None})())
    page.run()
    assert page.slider  # It was pasted in the run before, and stays.


@pytest.mark.parametrize(("side", "sentence"), [(96, "So small a picture is taken"), (97, "No face was found, so the")])
def test_a_picture_without_a_face_says_why_all_of_it_is_taken(home, side: int, sentence: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    page = picture_of(open_page("evaluation"), noise)
    assert [sentence for text in page.caption if sentence in text.value]
    assert page.session_state[FACE].shape == (48, 48)
