import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.live import fonts
from emotion.live.annotate import DETECTION_COLOUR, annotate, face_colour
from emotion.live.faces import Face, FrameResult, Prediction

GRAY = np.full((480, 640, 3), 100, np.uint8)


def prediction(key="happy", probability=0.87):
    other = (1 - probability) / 6
    return Prediction(
        tuple(label.key for label in EMOTIONS),
        np.array([probability if label.key == key else other for label in EMOTIONS]),
    )


def face(xyxy=(200, 150, 400, 350), **predictions):
    return Face(xyxy, 0, predictions)


def bgr(colour):
    return [int(colour[start : start + 2], 16) for start in (5, 3, 1)]


def changed(picture):
    """The smallest and largest row and column in which ``picture`` is no longer gray."""
    rows, columns = np.nonzero((picture != GRAY).any(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize("label", EMOTIONS, ids=lambda label: label.key)
def test_the_box_has_the_emotions_colour(label):
    picture = annotate(GRAY, FrameResult((face(m=prediction(label.key)),)))
    for row, column in ((350, 300), (250, 200), (250, 400)):
        assert picture[row, column].tolist() == bgr(label.colour)
    assert (picture[200:340, 210:390] == 100).all()


def test_the_frame_itself_is_left_alone():
    annotate(GRAY, FrameResult((face(m=prediction()),)))
    assert (GRAY == 100).all()


def test_detection_alone_is_a_box_without_words():
    only = face()
    assert face_colour(only) == DETECTION_COLOUR
    picture = annotate(GRAY, FrameResult((only,)))
    assert picture[350, 300].tolist() == bgr(DETECTION_COLOUR)
    assert changed(picture)[0] >= 145


def test_the_label_is_a_filled_tag_above_the_box():
    picture = annotate(GRAY, FrameResult((face(m=prediction()),)))
    tag = picture[130:145, 202:300]
    assert (tag == bgr("#E69F00")).all(axis=2).mean() > 0.4
    assert tag.min() < 30  # Black letters: the better contrast on orange.


@pytest.mark.parametrize(
    "xyxy", [(0, 0, 90, 90), (600, 2, 640, 40), (-30, -30, 60, 60), (560, 440, 700, 520), (300, 470, 310, 480)]
)
def test_a_face_at_the_edge(xyxy):
    picture = annotate(GRAY, FrameResult((face(xyxy, m=prediction()),)))
    assert picture.shape == GRAY.shape
    assert (picture != GRAY).any()


def test_two_models_take_a_line_each():
    one = annotate(GRAY, FrameResult((face(m=prediction()),)))
    two = annotate(GRAY, FrameResult((face(m=prediction(), other=prediction("sad")),)))
    assert changed(two)[0] < changed(one)[0]
    assert (two[100:150, 200:400] == bgr("#0072B2")).all(axis=2).any()


def test_a_note_is_written_into_the_corner():
    picture = annotate(GRAY, FrameResult(), notes={"mine": "trained on drawn faces"})
    top, bottom, left, right = changed(picture)
    assert (bottom, left) == (479, 0)
    assert top > 440
    assert right > 100


@pytest.mark.skipif(fonts.hangul_font() is None, reason="this computer has no font with Hangul")
def test_hangul_is_drawn():
    english, korean = (annotate(GRAY, FrameResult((face(m=prediction()),)), code) for code in ("en", "ko"))
    assert not np.array_equal(english, korean)
    assert bytes(fonts.font(20).getmask("행복")) != bytes(fonts.font(20).getmask("슬픔"))


def test_labels_are_english_where_no_font_has_hangul(monkeypatch):
    english = fonts.written_language("en")
    monkeypatch.setattr(fonts, "hangul_font", lambda: None)
    assert (english, fonts.written_language("ko")) == ("en", "en")
    fonts.font.cache_clear()
    mask = np.asarray(fonts.text_mask("Happy 87 %", 20))
    fonts.font.cache_clear()
    assert mask.max() == 255
    assert mask.shape[0] == 27


def test_a_tiny_frame_does_not_fail():
    tiny = np.zeros((8, 8, 3), np.uint8)
    assert annotate(tiny, FrameResult((face((1, 1, 6, 6), m=prediction()),)), notes={"m": "x"}).shape == (8, 8, 3)
