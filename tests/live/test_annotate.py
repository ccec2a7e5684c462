import re

import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.live import fonts
from emotion.live.annotate import DETECTION_COLOUR, _shortened, annotate, face_colour
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.settings import Look
from emotion.live.tracking import Tracker

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


def test_neighbours_keep_their_labels_to_themselves():
    two = {"emotion": prediction(), "mine or the one with a very long name": prediction("sad", 0.5)}
    left, right = face((100, 200, 220, 320), **two), face((232, 200, 352, 320), **two)
    alone, both = (
        annotate(GRAY, FrameResult((right, face((500, 20, 620, 140))))),
        annotate(GRAY, FrameResult((left, right))),
    )
    np.testing.assert_array_equal(both[:, 229:420], alone[:, 229:420])
    assert changed(annotate(GRAY, FrameResult((left,))))[3] > 230  # By itself it may be as wide as it likes.


@pytest.mark.parametrize(
    ("text", "room", "short"),
    [
        ("emotion-deck · Happy 9%", 120, r"…\w+ · Happy 9%"),
        ("emotion-deck · Happy 9%", 30, "Happy 9%"),
        ("31 years · Female", 30, "31 years · Female"),
        ("Happy 9%", 30, "Happy 9%"),
    ],
)
def test_names_are_cut_and_answers_stay_whole(text, room, short):
    assert re.fullmatch(short, _shortened(text, {"emotion-deck"}, 11, "#E69F00", room))


def test_what_can_t_be_read_is_not_written():
    tiny = np.full((48, 48, 3), 100, np.uint8)
    drawn = annotate(tiny, FrameResult((face((9, 9, 39, 39), emotion=prediction(), other=prediction()),)))
    boxed = annotate(tiny, FrameResult((face((9, 9, 39, 39), emotion=prediction("happy")),)))
    assert (drawn[:7] == 100).all() and (boxed[9] != 100).any()


AGE = Prediction(("20-29", "30-39"), np.array([0.5, 0.5]))
GENDER = Prediction(("female", "male"), np.array([0.9, 0.1]))


def test_age_and_gender_share_a_line():
    both = annotate(GRAY, FrameResult((face(m=prediction(), age=AGE, gender=GENDER),)))
    alone = annotate(GRAY, FrameResult((face(m=prediction(), age=AGE),)))
    assert changed(both)[0] == changed(alone)[0] < changed(annotate(GRAY, FrameResult((face(m=prediction()),))))[0]
    assert changed(both)[3] >= changed(alone)[3]


def test_models_that_could_be_taken_for_one_another_are_named():
    glasses = Prediction(("glasses", "none"), np.array([0.9, 0.1]))

    def same(first, second):
        return np.array_equal(
            annotate(GRAY, FrameResult((face(**first),))), annotate(GRAY, FrameResult((face(**second),)))
        )

    assert not same({"m": prediction(), "x": glasses}, {"m": prediction(), "y": glasses})
    assert same({"m": prediction(), "a": AGE}, {"n": prediction(), "b": AGE})  # Years are no emotion.


def test_an_unsure_answer_is_gray():
    unsure = Prediction(("happy", "sad"), np.array([0.5, 0.5]), unsure=True)
    picture = annotate(GRAY, FrameResult((face(m=unsure),)))
    assert picture[350, 300].tolist() == bgr("#5F6B7A")


def test_the_mirror_shows_the_face_on_the_other_side_and_the_writing_the_right_way_round():
    frame = GRAY.copy()
    frame[200:300, 100:150] = 255
    drawn = annotate(frame, FrameResult((face((100, 200, 150, 300), m=prediction()),)), look=Look(mirror=True))
    assert (drawn[205:295, 495:535] == 255).all()
    assert drawn[300, 515].tolist() == bgr("#E69F00")
    # The same box drawn there without a mirror has the very same tag.
    plain = annotate(frame[:, ::-1], FrameResult((face((490, 200, 540, 300), m=prediction()),)))
    np.testing.assert_array_equal(drawn, plain)


def test_a_blurred_face_keeps_at_most_64_colours():
    random = np.random.default_rng(0).integers(0, 256, GRAY.shape).astype(np.uint8)
    hidden = annotate(random, FrameResult((face(),)), look=Look(blur=True))
    inside = hidden[160:340, 210:390].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) <= 64
    np.testing.assert_array_equal(hidden[:100], random[:100])


@pytest.mark.parametrize("xyxy", [(100, 100, 200, 200), (500, 300, 630, 470), (0, 0, 640, 480)])
def test_bars_are_as_long_as_the_probabilities(xyxy):
    shown = FrameResult((face(xyxy, m=prediction("happy", 0.9)), face((5, 5, 20, 20))))
    with_bars = annotate(GRAY, shown, look=Look(bars=True))
    difference = (with_bars != annotate(GRAY, shown)).any(axis=2)
    assert difference.any()
    count = {
        key: (with_bars[difference] == bgr(colour)).all(axis=1).sum()
        for key, colour in (("happy", "#E69F00"), ("angry", "#D55E00"))
    }
    assert count["happy"] > 10 * count["angry"] > 0
    assert annotate(GRAY, FrameResult((face(),)), look=Look(bars=True)).shape == GRAY.shape


@pytest.mark.parametrize("smoothing", [0.3, 2.0])
def test_a_face_that_moves_fast_is_hidden_where_it_is(smoothing):
    tracker, rng = Tracker(smoothing), np.random.default_rng(0)
    for frame in range(30):  # 300 pixels a second to the right.
        now, left = frame / 30, 10 * frame
        track = tracker.update([[left, 50, left + 150, 200]], now)[0]
    picture = rng.integers(0, 256, (240, 640, 3), np.uint8)
    shown = Face(track.xyxy, track.track_id, reach=track.reach(now))
    for mirror in (False, True):
        hidden = annotate(picture, FrameResult((shown,)), look=Look(blur=True, mirror=mirror))
        part = (hidden[:, ::-1] if mirror else hidden)[50:200, left : left + 150]
        assert len(np.unique(part.reshape(-1, 3), axis=0)) <= 64 + 2  # Squares, and the box that is drawn over them.


def test_a_face_that_is_lost_stays_hidden_for_a_while():
    picture = np.random.default_rng(0).integers(0, 256, (240, 640, 3), np.uint8)
    lost = FrameResult((), lately=(np.array([100, 50, 200, 150], np.float32),))
    for mirror in (False, True):
        hidden = annotate(picture, lost, look=Look(blur=True, mirror=mirror))
        part = (hidden[:, ::-1] if mirror else hidden)[50:150, 100:200]
        assert len(np.unique(part.reshape(-1, 3), axis=0)) <= 64
    assert (annotate(picture, lost) == picture).all()


def test_labels_stand_below_a_face_at_the_upper_edge_and_leave_its_eyes_free():
    look = {"emotion": prediction(), "another": prediction("sad")}
    drawn = annotate(GRAY, FrameResult((face((200, 5, 400, 205), **look),)))
    inside = drawn[20:195, 215:385]
    assert (inside == 100).all() and (drawn[206:280, 200:400] != 100).any()
