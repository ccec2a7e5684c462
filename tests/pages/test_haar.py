"""The Haar page, driven as a person would."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).parents[2] / "pages" / "haar.py"


@pytest.fixture
def page():
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    return page


def arithmetic(page: AppTest) -> str:
    (block,) = page.get("html")
    return block.value


def metrics(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def upload(page: AppTest, name: str, data: bytes) -> AppTest:
    page.button_group(key="haar.source").set_value("upload").run()
    page.file_uploader(key="haar.upload").set_value((name, data, "image/png")).run()
    assert not page.exception
    return page


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_decks_examples(page):
    assert "46 − 10 − 9 + 1 = 28" in arithmetic(page)
    page.button(key="haar.example_2").click().run()
    assert "31 − 10 − 0 + 0 = 21" in arithmetic(page)
    page.button(key="haar.example_1").click().run()
    assert "46 − 10 − 9 + 1 = 28" in arithmetic(page)


def test_the_sliders_change_the_arithmetic(page):
    page.slider(key="haar.rows").set_value((1, 5)).run()
    page.slider(key="haar.columns").set_value((1, 5)).run()
    assert "74 − 0 − 0 + 0 = 74" in arithmetic(page)
    page.slider(key="haar.rows").set_value((3, 3)).run()
    page.slider(key="haar.columns").set_value((4, 4)).run()
    assert "32 − 21 − 22 + 13 = 2" in arithmetic(page)


def type_into_the_matrix(page: AppTest, value: object) -> None:
    edition = page.session_state["haar.edition"]
    edits = {"edited_rows": {1: {"3": value}}, "added_rows": [], "deleted_rows": []}
    page.session_state[f"haar.matrix_{edition}"] = edits
    page.run()
    assert not page.exception


def test_a_changed_cell_counts_and_an_example_brings_the_decks_back(page):
    type_into_the_matrix(page, 101)
    assert "146 − 10 − 9 + 1 = 128" in arithmetic(page)
    page.button(key="haar.example_1").click().run()
    assert "46 − 10 − 9 + 1 = 28" in arithmetic(page)


@pytest.mark.parametrize("value", ["x", None, 256])
def test_a_cell_without_a_gray_value_gets_a_sentence(page, value):
    type_into_the_matrix(page, value)
    (error,) = page.error
    assert "Row 2, column 3 holds no whole number from 0 to 255" in error.value
    assert not page.get("html") and page.metric  # The other tab still stands.


def test_the_deck_and_the_accurate_preset_find_the_astronauts_face(page):
    assert page.slider(key="haar.scale_factor").value == 1.5
    deck = metrics(page)
    page.button_group(key="haar.preset").set_value("accurate").run()
    assert page.slider(key="haar.scale_factor").value == 1.1
    accurate = metrics(page)
    assert deck[0] == accurate[0] == "1"
    assert int(accurate[1]) > int(deck[1]) > 5  # Smaller steps let more windows pass.


def test_a_moved_slider_leaves_the_preset_and_comes_back(page):
    page.slider(key="haar.min_neighbors").set_value(0).run()
    assert page.button_group(key="haar.preset").value is None
    assert metrics(page)[0] == metrics(page)[1]
    page.slider(key="haar.min_neighbors").set_value(5).run()
    assert page.button_group(key="haar.preset").value == "deck"


def test_a_preset_clicked_again_changes_nothing(page):
    page.button_group(key="haar.preset").set_value(None).run()
    assert page.slider(key="haar.scale_factor").value == 1.5 and metrics(page)[0] == "1"


def test_where_no_face_is_found_the_page_says_what_to_try(page):
    page.slider(key="haar.min_size").set_value(200).run()
    assert metrics(page)[0] == "0"
    assert "No face found" in page.info[0].value


def test_an_unreadable_upload_gets_a_sentence(page):
    (error,) = upload(page, "notes.png", b"not an image").error
    assert r"notes\.png is no readable image" in error.value


def test_an_upload_smaller_than_the_window_gets_a_sentence(page):
    (error,) = upload(page, "icon.png", png(16, 20)).error
    assert "16 × 20 pixels" in error.value and "24 × 24" in error.value


def test_an_upload_over_forty_megapixels_gets_a_sentence(page):
    (error,) = upload(page, "poster.png", png(8000, 6000)).error
    assert r"poster\.png has more than 40 megapixels" in error.value


def test_a_large_upload_is_scaled(page):
    upload(page, "wide.png", png(3000, 40))
    assert "1280 × 17 pixels" in page.error[0].value  # Scaled, it is smaller than the window.


def test_without_a_photo_nothing_is_looked_for(page):
    page.button_group(key="haar.source").set_value("camera").run()
    assert not page.exception and not page.error and not page.metric


def test_a_scaled_upload_says_so(page):
    upload(page, "wall.png", png(2560, 1280))
    assert any("Scaled down to 1280 × 640 pixels" in caption.value for caption in page.caption)
