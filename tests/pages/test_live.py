"""The Live page without a browser: what is offered, what is preselected, what is said when something is missing."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.bundle import CARD
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.live.stream import LiveStats


@pytest.fixture
def page(home, monkeypatch):
    """The page on an empty home and without shipped models; call it to open it."""
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [home / "models"])

    def open_page(**state):
        app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
        for key, value in state.items():
            app.session_state[key.replace("__", ".")] = value
        app.run()
        app.switch_page("pages/live.py").run()
        assert not app.exception
        return app

    return open_page


@pytest.fixture
def put_bundle(home, trained):
    """Copy the trained bundle into the home under a name, with some of its card's values changed."""

    def put(name, **changes):
        folder = Path(shutil.copytree(trained / "models" / "tiny", home / "models" / name))
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        (folder / CARD).write_text(json.dumps({**card, "name": name, **changes}), encoding="utf-8")
        return str(folder.resolve())

    return put


def texts(elements):
    return " ".join(str(element.value) for element in elements)


def test_without_a_model_faces_are_found_and_the_way_to_one_is_told(page):
    app = page()
    assert app.title[0].value == "Live"
    assert "Train one: it appears here by itself." in texts(app.info)
    assert app.selectbox("live.model").value == ""
    assert app.selectbox("live.second").options == ["No second model"]


def test_a_model_trained_on_drawn_faces_is_never_preselected(page, put_bundle):
    drawn = put_bundle("drawn", synthetic=True)
    app = page()
    assert app.selectbox("live.model").value == ""
    assert any("drawn faces" in option for option in app.selectbox("live.model").options)
    app.selectbox("live.model").set_value(drawn).run()
    assert not app.exception
    processor = app.session_state["live.processor.camera"]
    assert processor.settings.notes == {"drawn": "trained on drawn faces"}
    assert [each.bundle.card.name for each in processor.settings.classifiers] == ["drawn"]


def test_the_default_is_what_ships_and_then_what_was_just_trained(page, put_bundle):
    mine = put_bundle("mine", synthetic=True)
    deck = put_bundle("emotion-deck", synthetic=False)
    assert page().selectbox("live.model").value == deck
    best = put_bundle("emotion", synthetic=False)
    assert page().selectbox("live.model").value == best
    assert page(app__published="mine").selectbox("live.model").value == mine


def test_a_choice_survives_the_other_pages_until_a_new_model_is_published(page, put_bundle):
    deck = put_bundle("emotion-deck", synthetic=False)
    mine, newer = put_bundle("mine"), put_bundle("newer")
    app = page()
    app.selectbox("live.model").set_value(mine).run()
    app.selectbox("live.second").set_value(deck).run()
    app.segmented_control("live.source").set_value("clip").run()
    app.switch_page("pages/haar.py").run()
    app.switch_page("pages/live.py").run()
    assert (app.selectbox("live.model").value, app.selectbox("live.second").value) == (mine, deck)
    assert app.segmented_control("live.source").value == "clip"

    app.switch_page("pages/haar.py").run()
    app.session_state["app.published"] = "newer"
    app.switch_page("pages/live.py").run()
    assert app.selectbox("live.model").value == newer
    app.selectbox("live.model").set_value(mine).run()
    assert app.selectbox("live.model").value == mine  # Preselected once, not for ever.


def test_a_chosen_model_that_is_gone_gives_way(page, put_bundle):
    deck = put_bundle("emotion-deck", synthetic=False)
    mine = put_bundle("mine")
    app = page()
    app.selectbox("live.model").set_value(mine).run()
    app.switch_page("pages/haar.py").run()
    shutil.rmtree(mine)
    app.switch_page("pages/live.py").run()
    assert not app.exception
    assert app.selectbox("live.model").value == deck


def test_an_error_of_the_video_is_shown_in_the_reader_s_language(page, monkeypatch):
    stats = LiveStats(
        processed=3, errors=2, last_error=UserError("{path} is damaged ({reason}).", path="x", reason="y")
    )
    monkeypatch.setattr("emotion.live.stream.LiveProcessor.stats", lambda self: stats)
    assert "2 frames could not be processed: x is damaged (y)." in texts(page().error)
    shown = texts(page(app__language="ko").error)
    assert "x 파일이 손상되었어요" in shown and "UserError" not in shown and "is damaged" not in shown


def test_two_models_run_side_by_side(page, put_bundle):
    put_bundle("emotion-deck", synthetic=False)
    mine = put_bundle("mine", synthetic=False)
    app = page()
    app.selectbox("live.second").set_value(mine).run()
    assert not app.exception
    classifiers = app.session_state["live.processor.camera"].settings.classifiers
    assert [each.bundle.card.name for each in classifiers] == ["emotion-deck", "mine"]
    # What was the second becomes the first: it cannot be compared with itself.
    app.selectbox("live.model").set_value(mine).run()
    assert not app.exception
    classifiers = app.session_state["live.processor.camera"].settings.classifiers
    assert [each.bundle.card.name for each in classifiers] == ["mine"]


def test_a_broken_bundle_is_skipped_with_a_sentence(page, put_bundle):
    good = put_bundle("emotion-deck", synthetic=False)
    card = Path(put_bundle("broken")) / CARD
    card.write_text("{", encoding="utf-8")
    app = page()
    assert app.selectbox("live.model").value == good
    assert "broken" in texts(app.warning)


def test_a_bundle_with_a_damaged_network_is_named_and_the_page_goes_on(page, put_bundle):
    folder = Path(put_bundle("emotion-deck", synthetic=False))
    (folder / "model.tflite").write_bytes(b"nothing")
    app = page()
    assert "is not the file its card describes" in texts(app.error)
    assert app.session_state["live.processor.camera"].settings.classifiers == ()


def test_the_clip_needs_no_camera(page):
    app = page()
    app.segmented_control("live.source").set_value("clip").run()
    assert not app.exception
    assert "live.processor.clip" in app.session_state


def test_the_language_reaches_the_video(page):
    assert page(app__language="ko").session_state["live.processor.camera"].settings.language == "ko"
