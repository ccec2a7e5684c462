"""The Cascade and Detector steps of the Viola–Jones page, driven as a person would."""

import zipfile
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.haar.accuracy import Accuracy
from emotion.haar.cascade import Cascade, open_cascade
from emotion.haar.detector import FaceDetector, cascade_xml
from emotion.haar.photos import astronaut, webcam_still
from emotion.homes import REPOSITORY
from emotion.ui.haar.measuring import _advice, example
from emotion.ui.haar.scanning import cascade_names, picture_key
from tests.pages.test_dataset import finish_jobs

FACE = astronaut()[40:200, 150:310]
GRAY = cv2.cvtColor(FACE, cv2.COLOR_BGR2GRAY)
SIZE = (20, 20)
STILL = webcam_still()


def step(view: str, bgr: np.ndarray = FACE, **state: object) -> AppTest:
    """A step of the page with a picture that another page handed over."""
    return finish_jobs(unfinished_step(view, bgr, **state))


def unfinished_step(view: str, bgr: np.ndarray = FACE, **state: object) -> AppTest:
    page = AppTest.from_file(REPOSITORY / "pages" / "haar.py", default_timeout=60)
    page.session_state["haar.view"] = view
    page.session_state["haar.picture"] = bgr
    for key, value in state.items():
        page.session_state[key.replace("__", ".")] = value
    return page.run()


def said(page: AppTest) -> str:
    return " ".join(box.value for kind in (page.success, page.warning, page.info, page.error) for box in kind)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_a_cascade_is_opened_and_finds_what_opencv_finds():
    page = step("cascade")
    assert list(metrics(page).values()) == ["24 × 24", "25", "2,913", "2,913"]
    boxes = FaceDetector("frontalface_default", 1.1, 0, SIZE).detect(GRAY)
    assert len(boxes) > 5 and f"The same {len(boxes)} boxes as OpenCV" in said(page)
    assert "All 25 stages let this window pass" in said(page)  # What is explained first is a face.


# Trees with tilted features, a window that is wide, and one that is tall.
@pytest.mark.parametrize("name", ["eye_tree_eyeglasses", "smile", "fullbody"])
def test_other_cascades_are_the_same_as_opencv_too(name):
    page = step("cascade", haar__opened=name, haar__scan__factor=1.3)
    boxes = FaceDetector(name, 1.3, 0, SIZE).detect(GRAY)
    told = f"The same {len(boxes)} boxes as OpenCV" if len(boxes) else "OpenCV finds none either"
    assert told in said(page) and not page.error


def test_every_cascade_has_a_name_of_its_own():
    names = cascade_names()
    assert len(set(names.values())) == len(names) == 16 and not set(names) & set(names.values())


def test_a_place_is_clicked_and_the_stage_that_rejected_it_is_named():
    scan = open_cascade().scan(GRAY, 1.1, SIZE)
    x, y = next((x, y) for y in range(30, 130) for x in range(30, 130) if scan.reached[scan.windows_at(x, y)[0]] == 3)
    page = step("cascade", haar__place=(picture_key(GRAY), x, y))
    window = int(scan.windows_at(x, y)[0])
    total, threshold = scan.stage_sums(window)[3], scan.thresholds[3]
    assert "Stage 4 of 25 rejected this window" in said(page)
    assert f"add up to {total:.3f}, and {threshold:.3f} are needed".replace("-", "−") in said(page)
    table = page.dataframe[0].value
    assert len(table) == len(open_cascade().stages[3].weak)
    assert table["vote"].sum() == pytest.approx(total, abs=1e-6)
    below = (table["value"] < table["threshold"]).to_numpy()
    assert (table["sign"].to_numpy() == np.where(below, "<", "≥")).all()


def test_the_size_slider_goes_through_the_windows_of_a_place():
    page = step("cascade")
    slider = page.select_slider[0]
    smallest = slider.options[0]
    assert smallest == "24 × 24" and len(slider.options) > 5
    page.select_slider(key=slider.key).set_value(min(open_cascade().scan(GRAY, 1.1, SIZE).windows_at(*middle(page))))
    page.run()
    assert not page.exception and "All 25 stages" not in said(page)


def middle(page: AppTest) -> tuple[int, int]:
    """The place that the size slider's key names."""
    x, y = page.select_slider[0].key.rsplit(".", 2)[1:]
    return int(x), int(y)


def test_another_stage_of_a_window_is_looked_into():
    page = step("cascade")
    key = next(slider.key for slider in page.slider if slider.key.startswith("haar.explained"))
    page.slider(key=key).set_value(1).run()
    assert not page.exception and len(page.dataframe[0].value) == 9  # The first stage of this cascade.


def test_a_picture_without_contrast_says_so():
    page = step("cascade", np.full((60, 80, 3), 128, np.uint8))
    assert "Too little contrast" in said(page) and "OpenCV finds none either" in said(page)


def test_the_edge_has_no_window():
    page = step("cascade", haar__place=(picture_key(GRAY), 0, 0))
    assert "No window has its middle so near to the edge" in said(page) and not page.dataframe


def upload_xml(data: bytes) -> AppTest:
    page = step("cascade", haar__opened="upload", haar__scan__factor=1.5)
    assert not page.metric
    page.file_uploader(key="haar.xml").set_value(("mine.xml", data, "text/xml")).run()
    return finish_jobs(page)


def test_a_cascade_of_ones_own_is_opened():
    page = upload_xml(cascade_xml("righteye_2splits").encode())
    assert metrics(page)["Window"] == "20 × 20" and metrics(page)["Stages"] == "20"
    assert not page.error and "OpenCV" not in said(page)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"hello", "is no complete XML file"),
        (b"<opencv_storage><a/></opencv_storage>", "is no cascade"),
        (b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>', "declares a document type"),
        (cascade_xml("eye").encode()[:50_000], "is no complete XML file"),
    ],
)
def test_a_file_that_is_no_cascade_gets_a_sentence(data, sentence):
    page = upload_xml(data)
    (error,) = page.error
    assert sentence in error.value and not page.metric


@pytest.mark.parametrize("view", ["cascade", "detector"])
def test_a_picture_smaller_than_the_window_gets_a_sentence(view):
    (error,) = step(view, np.zeros((16, 20, 3), np.uint8)).error
    assert "20 × 16 pixels" in error.value and "24 × 24" in error.value


def test_the_detector_begins_with_the_decks_settings_and_is_opencvs():
    page = step("detector", STILL)
    gray = cv2.cvtColor(STILL, cv2.COLOR_BGR2GRAY)
    boxes = FaceDetector("frontalface_default", 1.5, 0, (30, 30)).detect(gray)
    faces = FaceDetector("frontalface_default", 1.5, 5, (30, 30)).detect(gray)
    assert metrics(page)["Windows"] == str(len(boxes)) and metrics(page)["Faces"] == str(len(faces)) == "1"
    assert f"the same {len(boxes)} windows pass as OpenCV" in said(page) and "boxes (1)" in said(page)
    assert page.button(key="haar.reset").disabled


def test_the_accurate_preset_lets_more_windows_pass_and_reset_brings_the_decks_back():
    page = step("detector", STILL)
    deck = metrics(page)
    page.button_group(key="haar.preset").set_value("accurate").run()
    accurate = metrics(finish_jobs(page))
    assert page.slider(key="haar.scale_factor").value == 1.1 and not page.error
    assert int(accurate["Windows"]) > int(deck["Windows"]) and accurate["Faces"] == "1"
    page.button(key="haar.reset").click().run()
    assert (
        page.slider(key="haar.scale_factor").value == 1.5 and metrics(finish_jobs(page))["Windows"] == deck["Windows"]
    )


def test_a_moved_slider_leaves_the_preset_and_comes_back():
    page = step("detector", STILL)
    page.slider(key="haar.min_neighbors").set_value(0).run()
    assert page.button_group(key="haar.preset").value is None
    assert metrics(page)["Faces"] == metrics(page)["Windows"] and "every window counts as a face" in captions(page)
    page.slider(key="haar.min_neighbors").set_value(5).run()
    assert page.button_group(key="haar.preset").value == "deck"
    page.button_group(key="haar.preset").set_value(None).run()  # A click on the preset that is chosen.
    assert page.slider(key="haar.scale_factor").value == 1.5 and metrics(page)["Faces"] == "1"


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def test_a_scan_that_was_given_up_is_begun_anew(monkeypatch: pytest.MonkeyPatch):
    go_on, real = Event(), Cascade.scan

    def slow(*arguments, **settings):
        go_on.wait(20)
        return real(*arguments, **settings)

    monkeypatch.setattr(Cascade, "scan", slow)
    page = unfinished_step("detector", haar__min_neighbors=4)
    for factor in (1.4, 1.5):  # Another scale factor, and back while the first scan is still at work.
        page.slider(key="haar.scale_factor").set_value(factor).run()
    go_on.set()
    finish_jobs(page)
    assert "Cancelled" not in said(page) and "windows pass as OpenCV" in said(page)


def test_where_no_face_is_found_the_page_says_what_to_try():
    page = step("detector", STILL, haar__scale_factor=1.5, haar__min_neighbors=5, haar__min_size=150)
    assert metrics(page)["Faces"] == "0" and "No face found" in said(page)


def measure(page: AppTest) -> AppTest:
    page.button(key="haar.measure").click().run()
    return finish_jobs(page)


def test_recall_is_measured_on_a_file_of_the_format(tmp_path: Path):
    file = tmp_path / "photos.zip"
    file.write_bytes(example())
    page = step("detector", STILL)
    assert not page.button(key="haar.measure").disabled  # The sample photo is there.
    page.segmented_control(key="haar.measure.way").set_value("path").run()
    assert page.button(key="haar.measure").disabled
    page.text_input(key="haar.measure.path").set_value(f'"{file}"').run()
    page = measure(page)
    assert "Photos: 1 · faces that should be found: 1" in " ".join(text.value for text in page.markdown)
    assert len(page.get("plotly_chart")) == 2 and "minNeighbors" in captions(page) and not page.error
    with zipfile.ZipFile(file, "w") as archive:  # Another file of that name.
        archive.writestr("boxes.json", '{"wall.png": []}')
        archive.writestr("images/wall.png", png(np.full((60, 60, 3), 99, np.uint8)))
    assert "Photos: 1 · faces that should be found: 0" in markdown(measure(page))


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        ([[3, 2], [1, 0]], "The most faces less false alarms here: scaleFactor 1.1, minNeighbors 3, 30 ms"),
        # Of three faces less two false alarms, one, none, and one: three settings are equally good, one is quicker.
        (
            [[3, 1], [0, 1]],
            "3 of 4 settings are equally good on these photos, by faces less false alarms. The quickest of them: "
            "scaleFactor 1.3, minNeighbors 5, 10 ms",
        ),
    ],
)
def test_the_best_setting_is_named_or_how_many_are(found: list[list[int]], advice: str):
    false = np.array([[2 if found[1][1] else 0, 0], [0, 0]])
    table = Accuracy((1.1, 1.3), (3, 5), 2, 4, np.array(found), false, np.array([30.0, 10.0]))
    assert advice in _advice(table)


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def own_photos(*files: tuple[str, bytes]) -> AppTest:
    page = step("detector", haar__measure__way="own")
    assert page.button(key="haar.measure").disabled
    page.file_uploader(key="haar.measure.photos").set_value([(*file, "image/png") for file in files]).run()
    return finish_jobs(page)


def test_recall_is_measured_on_photos_of_ones_own_whose_faces_are_ticked():
    page = own_photos(("me.png", png(astronaut())), ("wall.png", png(np.full((60, 60, 3), 99, np.uint8))))
    assert "wall\\.png: nothing here may be a face" in captions(page)
    boxes = page.checkbox
    assert len(boxes) > 1 and [box.value for box in boxes].count(True) == 1 and boxes[0].value
    assert "Photos: 2 · faces that should be found: 1" in markdown(measure(page))
    boxes[0].uncheck().run()
    assert "Photos: 2 · faces that should be found: 0" in markdown(measure(page))
    for view in ("integral", "detector"):  # What was ticked and brought is still there.
        page.session_state["haar.view"] = view
        finish_jobs(page.run())
    assert len(page.checkbox) == len(boxes) and not page.checkbox[0].value


def test_a_file_that_is_no_photo_gets_a_sentence_among_ones_own():
    page = own_photos(("notes.png", b"no photo"))
    assert "notes\\.png is no readable image" in said(page) and page.button(key="haar.measure").disabled
    page = own_photos(("me.png", png(astronaut())), ("notes.png", b"no photo"))
    assert "notes\\.png is no readable image" in said(page)  # And costs no other.
    assert "Photos: 1 · faces that should be found: 1" in markdown(measure(page))


def test_a_file_of_photos_that_lies_in_the_app_s_folder_is_found(home: Path):
    home.mkdir()
    (home / "faces_with_boxes.zip").write_bytes(example())
    page = step("detector")
    assert page.text_input(key="haar.measure.path").value == str(home / "faces_with_boxes.zip")
    assert "faces that should be found: 1" in markdown(measure(page))


def markdown(page: AppTest) -> str:
    return " ".join(text.value for text in page.markdown)


@pytest.mark.parametrize("data", [None, b"no zip"])
def test_a_file_without_photos_gets_a_sentence(tmp_path: Path, data: bytes | None):
    file = tmp_path / "photos.zip"
    if data:
        file.write_bytes(data)
    page = step("detector", STILL)
    page.segmented_control(key="haar.measure.way").set_value("path").run()
    page.text_input(key="haar.measure.path").set_value(str(file)).run()
    page = measure(page)
    (error,) = page.error
    assert ("no ZIP, or a damaged one" in error.value) if data else ("photos" in error.value)
    assert not page.get("plotly_chart")
    page.segmented_control(key="haar.measure.way").set_value("own").run()
    assert not page.error  # It was not about these.


def test_a_window_that_opencv_skips_is_none_of_the_boxes():
    scan = open_cascade("smile").scan(GRAY, 1.1, SIZE)
    passing = scan.reached == len(scan.thresholds)
    for skipped in (True, False):
        window = int(np.flatnonzero(passing & (scan.skipped == skipped))[0])
        left, top, right, bottom = scan.boxes(np.array([window]))[0]
        x, y = int((left + right) / 2), int((top + bottom) / 2)
        page = step("cascade", haar__opened="smile", haar__place=(picture_key(GRAY), x, y))
        page.select_slider(key=page.select_slider[0].key).set_value(window).run()
        assert "All 20 stages let this window pass" in said(page)
        assert ("OpenCV doesn’t even try this window" in captions(page)) == skipped
        assert ("one of the boxes that are grouped" in said(page)) != skipped
