"""Bundles: what is whole opens, what is broken says what is wrong."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from emotion.cnn.bundle import Card, default_bundle, find_bundle, load_bundle, scan_bundles
from emotion.cnn.card import FILES
from emotion.errors import UserError


def change_card(bundle: Path, **changes: object) -> None:
    card = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    (bundle / "card.json").write_text(json.dumps({**card, **changes}), encoding="utf-8")


def change_file(bundle: Path, name: str, data: bytes) -> None:
    """Change a file and its hash in the card, as somebody who means harm would."""
    (bundle / name).write_bytes(data)
    files = json.loads((bundle / "card.json").read_text(encoding="utf-8"))["files"]
    change_card(bundle, files={**files, name: hashlib.sha256(data).hexdigest()})


def change_network(bundle: Path, change: Callable[[dict], None]) -> None:
    network = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    change(network)
    change_file(bundle, "model.json", json.dumps(network).encode("utf-8"))


def test_a_trained_bundle_opens(trained: Path) -> None:
    card = load_bundle(trained / "models" / "tiny").card
    assert card.classes == ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert (card.input.height, card.input.width, card.input.channels) == (48, 48, 1)
    assert (card.task, card.architecture, card.parameters) == ("emotion", "tiny_cnn", 94_247)
    assert card.synthetic and card.training["counts"] == {"train": 168, "validation": 21}
    assert card.metrics[0].split == "validation" and card.metrics[0].n == 21
    assert card.metrics[0].low <= card.metrics[0].value <= card.metrics[0].high
    assert 0 <= card.largest_difference < 0.05
    assert Card.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_the_digest_is_that_of_all_a_bundle_says(bundle_copy: Path) -> None:
    first = load_bundle(bundle_copy)
    assert first.digest == load_bundle(bundle_copy).digest
    change_card(bundle_copy, classes=first.card.classes[::-1])
    second = load_bundle(bundle_copy)
    change_network(bundle_copy, lambda network: network.update(x=1))
    assert len({first.digest, second.digest, load_bundle(bundle_copy).digest}) == 3


def test_the_bundle_is_float32_without_optimizer(trained: Path) -> None:
    folder = trained / "models" / "tiny"
    network = (folder / "model.json").read_text(encoding="utf-8")
    assert "bfloat16" not in network
    assert (folder / "model.weights.h5").stat().st_size < 94_247 * 4 * 1.3  # An optimizer's would be three times that.


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no card": (lambda b: (b / "card.json").unlink(), "holds no card"),
    "card is no JSON": (lambda b: (b / "card.json").write_text("{", encoding="utf-8"), "is damaged"),
    "card is a list": (lambda b: (b / "card.json").write_text("[]", encoding="utf-8"), "is damaged"),
    "card without classes": (lambda b: change_card(b, classes=[]), "is damaged"),
    "card without files": (lambda b: change_card(b, files={}), "is damaged"),
    "class count": (
        lambda b: change_card(b, classes=["a", "b"]),
        "2 classes and 48×48 pixels, but the network has 7 outputs",
    ),
    "missing file": (lambda b: (b / "model.tflite").unlink(), r"model\.tflite is missing"),
    "cut file": (lambda b: (b / "model.weights.h5").write_bytes(b"x"), "not the file its card describes"),
    "garbage network": (lambda b: change_file(b, "model.tflite", b"no network"), "no network that can be run"),
    "input size": (lambda b: change_card(b, input={"height": 64, "width": 64}), "takes 48×48 pixels"),
    "no square": (lambda b: change_card(b, input={"height": 48, "width": 64}), "a square input expected"),
    "metric in words": (lambda b: change_card(b, metrics=[{"name": "accuracy", "value": "high"}]), "is damaged"),
    "no training": (lambda b: change_card(b, training=None), "is damaged"),
    "function": (
        lambda b: change_network(b, lambda n: n["config"]["layers"][2].update(class_name="__lambda__")),
        "run code",
    ),
    "SavedModel": (
        lambda b: change_network(b, lambda n: n["config"]["layers"][2].update(class_name="TFSMLayer")),
        "run code",
    ),
    "private": (
        lambda b: change_network(b, lambda n: n["config"]["layers"][2].update(module="keras.src.saving")),
        "run code",
    ),
    "Lambda": (lambda b: change_network(b, lambda n: n["config"]["layers"][2].update(class_name="Lambda")), "run code"),
    "custom": (lambda b: change_network(b, lambda n: n["config"]["layers"][2].update(module="evil")), "run code"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_bundle_says_what_is_wrong(bundle_copy: Path, case: str) -> None:
    damage, says = BROKEN[case]
    damage(bundle_copy)
    with pytest.raises(UserError, match=says):
        load_bundle(bundle_copy)


def test_a_functional_network_is_accepted(bundle_copy: Path) -> None:
    inputs = keras.Input((48, 48, 1))
    outputs = keras.layers.Dense(7, activation="softmax")(keras.layers.Flatten()(inputs))
    network = keras.Model(inputs, outputs).to_json()
    change_file(bundle_copy, "model.json", network.encode("utf-8"))
    assert load_bundle(bundle_copy).card.name == "tiny"


def test_a_bundle_in_the_making_is_not_listed(bundle_copy: Path) -> None:
    bundle_copy.rename(bundle_copy.with_name(".tiny.ab12cd34"))
    assert not [bundle for bundle in scan_bundles()[0] if "tiny" in bundle.path.name]


def test_a_scan_names_the_broken_and_keeps_the_rest(bundle_copy: Path) -> None:
    broken = bundle_copy.parent / "broken"
    broken.mkdir()
    (broken / "card.json").write_text("{}", encoding="utf-8")
    bundles, problems = scan_bundles()
    assert "tiny" in [bundle.path.name for bundle in bundles]
    assert len(problems) == 1 and "broken" in str(problems[0])


def test_drawn_faces_are_never_the_default(bundle_copy: Path) -> None:
    bundle_copy.rename(bundle_copy.with_name("emotion"))
    drawn = [bundle for bundle in scan_bundles()[0] if bundle.card.synthetic]
    assert [bundle.path.name for bundle in drawn] == ["emotion"]
    assert default_bundle(drawn) is None


def test_an_unknown_name_lists_what_there_is(bundle_copy: Path) -> None:
    assert find_bundle("tiny").path == bundle_copy
    with pytest.raises(UserError, match=r"“nope”.*tiny"):
        find_bundle("nope")


def test_every_file_is_covered_by_a_hash(trained: Path) -> None:
    assert set(load_bundle(trained / "models" / "tiny").card.files) == set(FILES)
