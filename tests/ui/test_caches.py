"""What is cached is found again for the same network and picture, and for no other."""

import json
import shutil
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from streamlit.runtime.caching.cache_data_api import clear_session_cache

from emotion.cnn.card import FILES
from emotion.cnn.importing import import_bundle_zip
from emotion.live.clip import clip_frame
from emotion.live.stream import LiveSettings
from emotion.ui.guards import classifier_of
from emotion.ui.live.panel import preview
from emotion.ui.photo import read_photo


class Certain:
    """Always gives the same answer; counts how often it was asked."""

    def __init__(self, digest, answer):
        size = SimpleNamespace(height=48, width=48)
        card = SimpleNamespace(name="model", classes=("happy", "sad"), input=size)
        self.bundle = SimpleNamespace(card=card, path="models/model", digest=digest)
        self.answer, self.asked = answer, 0

    def predict(self, faces):
        self.asked += 1
        return np.tile(np.array(self.answer, np.float32), (len(faces), 1))


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    """Caches as fresh, and whose browser session it is."""
    st.cache_data.clear()
    session = ["one"]
    monkeypatch.setattr("streamlit.runtime.caching.cache_data_api.get_session_id_or_throw", lambda: session[0])
    return session


def test_the_preview_follows_the_network_not_its_path():
    old, new = (preview(LiveSettings((Certain(digest, answer),))) for digest, answer in (("1", (1, 0)), ("2", (0, 1))))
    assert not np.array_equal(old, new)


def test_a_photo_is_read_once_by_each_network():
    photo, first, second = clip_frame(0), Certain("1", (1, 0)), Certain("2", (0, 1))
    assert [read_photo(photo, first)[0].prediction.label for _ in range(2)] == ["happy", "happy"]
    assert first.asked == 1
    assert read_photo(photo, second)[0].prediction.label == "sad"


def test_a_photo_is_nobody_elses_and_goes_with_its_session(reader):
    photo, model = clip_frame(0), Certain("1", (1, 0))
    read_photo(photo, model)
    reader[0] = "another"
    read_photo(photo, model)
    assert model.asked == 2
    clear_session_cache("one")  # What Streamlit does when a browser has gone.
    reader[0] = "one"
    read_photo(photo, model)
    assert model.asked == 3


def test_classes_in_another_order_are_read_anew(trained, home, tmp_path):
    """An import is done again under the same name, with the right order: the network is the same to the byte."""
    said, files = [], trained / "models" / "tiny"
    card = json.loads((files / "card.json").read_text(encoding="utf-8"))
    for classes in (card["classes"], card["classes"][::-1]):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in FILES:
                archive.write(files / name, name)
            archive.writestr("card.json", json.dumps({**card, "classes": classes}))
        bundle = import_bundle_zip(tmp_path / "x.zip")
        said.append(read_photo(clip_frame(0), classifier_of(str(bundle.path), bundle.digest))[0].prediction)
        assert said[-1].classes == bundle.card.classes == tuple(classes)
        shutil.rmtree(bundle.path)
    assert np.array_equal(said[0].probabilities, said[1].probabilities)


def test_a_photo_that_differs_in_one_pixel_is_another():
    photo, model = clip_frame(0), Certain("1", (1, 0))
    read_photo(photo, model)
    photo[-1, -1] ^= 255
    read_photo(photo, model)
    assert model.asked == 2
