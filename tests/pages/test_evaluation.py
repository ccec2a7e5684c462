"""The Evaluation page on a large photo."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY


@pytest.fixture
def page(bundle_copy):
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60).run()
    return app.switch_page("pages/evaluation.py").run()


def upload(page, rgb):
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG")
    page.button_group(key="evaluation.source").set_value("upload").run()
    page.file_uploader(key="evaluation.upload").set_value(("large.jpg", buffer.getvalue(), "image/jpeg")).run()
    assert not page.exception and not page.error
    return page


def test_a_large_photo_is_scanned_and_drawn_reduced(page, monkeypatch):
    drawn = []

    def annotate(bgr, result, language):
        drawn.append((bgr.shape, result.largest.xyxy))
        return bgr

    monkeypatch.setattr("emotion.live.annotate.annotate", annotate)
    upload(page, np.kron(astronaut()[..., ::-1], np.ones((5, 5, 1), np.uint8)))  # 2560 pixels a side.
    shape, xyxy = drawn[-1]
    assert shape == (1280, 1280, 3)
    # The face's centre in the photo of 512 pixels is about (222, 112).
    np.testing.assert_allclose((xyxy[:2] + xyxy[2:]) / 2 / 2.5, (222, 112), atol=15)


def test_the_source_is_remembered_from_page_to_page(page):
    page.button_group(key="evaluation.source").set_value("camera").run()
    page.switch_page("pages/live.py").run()
    page.switch_page("pages/evaluation.py").run()
    assert page.button_group(key="evaluation.source").value == "camera"
