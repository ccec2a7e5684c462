"""Twenty faces in a frame: each has its box, its label and its tile, and any of them can be chosen."""

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.homes import REPOSITORY
from emotion.labels import EMOTIONS, rgb
from emotion.live.annotate import annotate
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.settings import Look
from emotion.live.stream import LiveProcessor, LiveStats
from emotion.live.taking import Snapshot
from emotion.plots.live import answer
from emotion.ui.live import panel

KEYS = tuple(label.key for label in EMOTIONS)


def crowd() -> FrameResult:
    """Four rows of five faces that touch, each as sure of its emotion as can be."""
    faces = []
    for number in range(20):
        row, column = divmod(number, 5)
        left, top = 4 + 127 * column, 40 + 110 * row
        answer = Prediction(KEYS, np.eye(len(KEYS), dtype=np.float32)[number % len(KEYS)])
        faces.append(Face(np.array([left, top, left + 110, top + 80], np.float32), number, {"emotion": answer}))
    return FrameResult(tuple(faces))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("look", [Look(), Look(mirror=True), Look(blur=True), Look(bars=True)])
def test_every_face_has_its_box_and_label(language: str, look: Look) -> None:
    frame, result = np.full((480, 640, 3), 128, np.uint8), crowd()
    drawn = annotate(frame, result, language, look=look)
    hidden = 0
    for face in result.faces:
        x0, y0, x1, y1 = face.xyxy.astype(int)
        if look.mirror:
            x0, x1 = 639 - x1, 639 - x0
        colour = np.array(rgb(EMOTIONS[face.track_id % len(EMOTIONS)].colour)[::-1])
        edge = drawn[y0 + 10 : y1 - 10, x1 - 3 : x1 + 4]
        # The largest face's bars may cover the edge of the one beside it.
        hidden += not (np.abs(edge.astype(int) - colour).max(axis=2) < 12).any(axis=1).all()
        label = drawn[y0 - 12 : y0 - 4, x0 + 2 : x0 + 14]
        hidden += not (np.abs(label.astype(int) - colour).max(axis=2) < 12).any()
    assert hidden <= (4 if look.bars else 0)


def test_every_face_has_a_tile_and_the_one_that_is_clicked_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    result, shown = crowd(), {}

    def wall(tiles, key, side, *rest):
        shown["tiles"] = tiles  # A click in the browser's own part comes back as its number.
        return 16 if key == "live.face" else None

    monkeypatch.setattr(panel, "wall", wall)

    def chart(prediction, *rest):
        shown.setdefault("answer", prediction)
        return answer(prediction, *rest)

    monkeypatch.setattr(panel, "answer", chart)
    stats = LiveStats(playing=True, processed=9, resolution=(640, 480), result=result)
    monkeypatch.setattr(LiveProcessor, "stats", lambda self: stats)
    processor = LiveProcessor()
    frame = cv2.resize(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8), (640, 480))
    processor.takers.take(Snapshot(frame, frame, result), 0)
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.session_state["live.processor.camera"] = processor
    monkeypatch.setattr("emotion.ui.live.camera.show_video", lambda source, processor: True)
    app.run()
    app.switch_page("pages/live.py").run()
    assert not app.exception
    assert len(shown["tiles"]) == 20 and len({tile.colour for tile in shown["tiles"]}) == len(KEYS)
    assert shown["answer"].label == KEYS[16 % len(KEYS)]
    assert app.metric[0].value == "20"


def test_before_the_first_answer_no_number_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emotion.ui.live.camera.show_video", lambda source, processor: True)
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60).run()
    app.switch_page("pages/live.py").run()
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["–", "–", "–"]
