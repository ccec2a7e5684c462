"""The lesson map's pictures: Home shows them whatever state a model is in."""

import hashlib
import json

import numpy as np
import pytest
import streamlit as st

from emotion.cnn.bundle import CARD, TFLITE, WEIGHTS
from emotion.ui.pictures import picture_of

STEPS = ("dataset", "training", "evaluation", "haar", "live", "compare")


@pytest.fixture
def default_model(bundle_copy, monkeypatch):
    """A bundle's folder whose network the pictures show."""
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [bundle_copy.parent])
    change_card(bundle_copy, synthetic=False)
    st.cache_data.clear()
    return bundle_copy.rename(bundle_copy.with_name("emotion"))


def change_card(folder, **changes):
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps({**card, **changes}), encoding="utf-8")


def replace_file(folder, name, data):
    """As somebody who packs a bundle would: with its hash in the card."""
    (folder / name).write_bytes(data)
    files = json.loads((folder / CARD).read_text(encoding="utf-8"))["files"]
    change_card(folder, files=files | {name: hashlib.sha256(data).hexdigest()})


def all_pictures():
    return {step: picture_of(step) for step in STEPS}


def assert_pictures(pictures):
    assert {(picture.shape, picture.dtype.name) for picture in pictures.values()} == {((270, 480, 3), "uint8")}


def test_pictures_without_a_model(home, monkeypatch):
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [home / "models"])
    assert_pictures(all_pictures())


def test_pictures_show_the_model(default_model, monkeypatch):
    shown = all_pictures()
    assert_pictures(shown)
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", list)
    bare = all_pictures()
    differ = {step for step in STEPS if not np.array_equal(shown[step], bare[step])}
    assert differ == {"training", "evaluation", "live", "compare"}


DAMAGES = {
    "garbage network": lambda folder: (folder / TFLITE).write_bytes(b"garbage"),
    "garbage network, hashed": lambda folder: replace_file(folder, TFLITE, b"garbage"),
    "garbage weights": lambda folder: replace_file(folder, WEIGHTS, b"garbage"),
    "no curve": lambda folder: change_card(folder, training={}),
    "an empty curve": lambda folder: change_card(folder, training={"curve": []}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_costs_no_picture(default_model, damage):
    DAMAGES[damage](default_model)
    assert_pictures(all_pictures())
