"""The Haar page's integral image and features, driven as a person would."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.feature import haar_like_feature
from streamlit.testing.v1 import AppTest

from emotion.haar.features import KINDS
from emotion.haar.patches import lfw_patches
from emotion.haar.photos import webcam_still
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import open_page

PAGE = Path(__file__).parents[2] / "pages" / "haar.py"


@pytest.fixture
def page():
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    return page


def open_view(view: str, **state: object) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.session_state["haar.view"] = view
    for key, value in state.items():
        page.session_state[f"haar.{key}"] = value
    page.run()
    assert not page.exception
    return page


def arithmetic(page: AppTest) -> str:
    """That of the matrix; the photo's follows it."""
    return page.get("html")[0].value


def texts(page: AppTest) -> str:
    return "\n".join(block.value for kind in (page.markdown, page.caption, page.info) for block in kind)


def upload(page: AppTest, name: str, data: bytes) -> AppTest:
    page.button_group(key="haar.source").set_value("upload").run()
    page.file_uploader(key="haar.upload").set_value((name, data, "image/png")).run()
    assert not page.exception
    return page


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("view", ["integral", "features", "boosting", "cascade", "detector"])
def test_every_step_opens_in_korean_and_another_page_can_ask_for_it(view: str, home) -> None:
    page = open_page("haar", "ko")
    page.session_state["haar.view"] = view
    page.run()
    assert not page.exception and not page.error
    assert page.session_state["haar.last"] == view
    page.session_state["app.language"] = "en"  # AdaBoost is called the same.
    assert page.run().session_state["haar.last"] == view


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
    type_into_the_matrix(page, "101")
    assert "146 − 10 − 9 + 1 = 128" in arithmetic(page)
    page.button(key="haar.example_1").click().run()
    assert "46 − 10 − 9 + 1 = 28" in arithmetic(page)


def test_what_was_typed_is_still_there_after_a_look_at_another_step(page):
    type_into_the_matrix(page, "101")
    page.slider(key="haar.rows").set_value((1, 5)).run()
    for view in ("features", "integral"):
        page.session_state["haar.view"] = view
        page.run()
    assert page.slider(key="haar.rows").value == (1, 5)
    assert "158 − 16 − 0 + 0 = 142" in arithmetic(page)


@pytest.mark.parametrize("value", ["x", "", None, "256", "1.5", "-1"])
def test_a_cell_without_a_gray_value_gets_a_sentence(page, value):
    type_into_the_matrix(page, value)
    (error,) = page.error
    assert "Row 2, column 3 holds no whole number from 0 to 255" in error.value
    assert len(page.get("html")) == 1  # The photo's arithmetic still stands.


def test_a_rectangle_of_the_photo_is_summed_by_four_look_ups(page):
    page.slider(key="haar.photo_rows").set_value((11, 60)).run()
    page.slider(key="haar.photo_columns").set_value((301, 420)).run()
    gray = cv2.cvtColor(webcam_still(), cv2.COLOR_BGR2GRAY)
    assert f"= {gray[10:60, 300:420].sum():,}" in page.get("html")[1].value
    assert "instead of 6,000 additions" in texts(page)


def test_the_time_is_measured_when_it_is_asked_for(page):
    assert not page.get("plotly_chart")[2:]
    page.button(key="haar.measure").click().run()
    finish_jobs(page)
    assert len(page.get("plotly_chart")) == 3 and "For 10,000 rectangles" in texts(page)
    assert page.button(key="haar.measure").label == "Measure again"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"not an image", r"notes\.png is no readable image"), (b"", r"notes\.png is no readable image")],
)
def test_an_unreadable_upload_gets_a_sentence(page, data, words):
    (error,) = upload(page, "notes.png", data).error
    assert words in error.value


def test_a_photo_of_one_row_is_summed_too(page):
    assert not upload(page, "line.png", png(40, 1)).error
    assert "= 0" in page.get("html")[1].value


def test_a_huge_upload_is_scaled_and_says_so(page):
    assert not upload(page, "poster.png", png(8000, 6000)).error
    assert "Scaled down to 640 × 480 pixels" in texts(page)


def test_without_a_photo_the_rest_still_stands(page):
    page.button_group(key="haar.source").set_value("camera").run()
    assert not page.exception and not page.error and len(page.get("html")) == 1


def place(page: AppTest, **numbers: int) -> AppTest:
    for name, number in numbers.items():
        page.slider(key=f"haar.{name}").set_value(number).run()
    assert not page.exception
    return page


def test_a_feature_is_black_minus_white_on_the_face_that_is_shown() -> None:
    # Of the patches the photo's own face comes first, then the real ones.
    page = open_view("features", **{"kinds.last": list(KINDS).index("three_beside"), "patches.last": 2})
    place(page, height=10, width=4, row=3, column=7)
    face = lfw_patches()[0].gray[1].astype(int)
    white, black = face[2:12, [*range(6, 10), *range(14, 18)]].sum(), face[2:12, 10:14].sum()
    value = f"{black - white:,}".replace("-", "−")
    assert f"{black:,} − {white:,}" in arithmetic(page) and f"= {value}" in arithmetic(page)
    assert f"**{3 * black - white - black:,}**".replace("-", "−") in texts(page)  # OpenCV counts black three times.


def test_scikit_image_counts_the_other_way_round_and_the_page_says_so() -> None:
    page = open_view("features", **{"patches.last": 1})
    place(page, height=4, width=9, row=5, column=6)
    from skimage.transform import integral_image

    face = integral_image(lfw_patches()[0].gray[0].astype(int))
    features = haar_like_feature(face, 5, 4, 9, 8, feature_type="type-2-y")
    # The largest one in this rectangle, the last of its width 9 and heights 4.
    values = {f"**{value:,.0f}**".replace("-", "−") for value in features}
    (line,) = (line for line in texts(page).splitlines() if "type-2-y" in line)
    assert "white − black" in line and line.split(" = ")[1] in values


def test_a_kind_with_less_room_keeps_what_fits() -> None:
    page = place(open_view("features"), height=12, width=24)
    page.session_state["haar.kinds.last"] = list(KINDS).index("tilted_centre")
    page.run()
    assert not page.exception
    assert page.session_state["haar.height"] == 7 and page.session_state["haar.width"] == 1
    assert "there is room for one only" in texts(page)


def test_the_best_threshold_is_the_best_there_is() -> None:
    page = place(open_view("features"), height=5, width=18, row=7, column=4)
    (line,) = (line for line in texts(page).splitlines() if "the best threshold" in line)
    groups = [patches.gray.astype(float) for patches in lfw_patches()]
    mask = np.zeros((24, 24))
    mask[6:11, 3:21], mask[11:16, 3:21] = 1, -1
    faces, others = (
        ((gray - gray.mean((1, 2), keepdims=True)) / np.maximum(gray.std((1, 2), keepdims=True), 1e-9) * mask).sum((
            1,
            2,
        ))
        for gray in groups
    )
    below = [((faces >= cut).mean() + (others < cut).mean()) / 2 for cut in [*faces, *others]]
    assert f"wrong for {min(*below, *(1 - error for error in below)):.0%}" in line


def test_the_features_are_counted() -> None:
    table = next(text.value for text in open_view("features").markdown if "43,200" in text.value)
    assert "**162,336**" in table and "| 12 · 12 · 12 · 12 | 20,736 |" in table


def test_a_photo_without_room_for_the_window_gets_a_sentence() -> None:
    page = upload(open_view("features"), "icon.png", png(24, 20))
    assert "Choose a photo of more than 24 × 24 pixels" in texts(page)
