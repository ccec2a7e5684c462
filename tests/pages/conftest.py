"""Pages by AppTest: Streamlit's own test harness, in this process."""

import gc
from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from emotion.homes import REPOSITORY
from emotion.i18n import use_language

# A server reads what every installed package says of itself once, AppTest anew for each app: a quarter of a second.
_scan = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True, scope="module")
def garbage_of_the_pages_alone() -> Iterator[None]:
    """After every run of a page Streamlit looks for garbage among all objects; with what other tests have loaded,
    Keras among it, that takes longer than the page."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def as_in_a_running_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AppTest is a server just started at every run, which takes ``pages/`` for its old kind of pages; and it has no
    session for streamlit-webrtc to ask about."""
    original = PagesManager.__init__

    def started(self: PagesManager, *arguments: object, **settings: object) -> None:
        original(self, *arguments, **settings)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", started)
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", _scan)
    monkeypatch.setattr("streamlit_webrtc.component.get_this_session_info", lambda: None)
    yield
    use_language(lambda: "en")


@pytest.fixture
def deck_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's network is chosen first, whatever else ships: its layers and answers are known."""
    monkeypatch.setattr("emotion.cnn.bundle.DEFAULTS", ("emotion-deck",))


def open_files(kind: str) -> AppTest:
    """The Live page with its box for uploads: of a ``photo``, of ``photos`` or of a ``video``."""
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.session_state["live.view"], app.session_state["live.kind"] = "files", kind
    app.session_state["live.photo.source"] = "upload"
    app.run()
    app.switch_page("pages/live.py").run()
    assert not app.exception
    return app
