"""A training repeated for real, and what may have changed since."""

import dataclasses
import json
import shutil
from pathlib import Path

import psutil
import pytest

from emotion.cnn.bundle import Bundle, find_bundle, load_bundle
from emotion.cnn.config import TrainConfig
from emotion.cnn.origin import Origin, find_origin, with_origin
from emotion.cnn.reproduce import _making, differences, reproduce, settings
from emotion.cnn.runs import Status, create_run, list_runs
from emotion.dataset.folder import open_dataset
from emotion.dataset.library import remember
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.jobs import Cancelled
from tests.conftest import write_faces


def changed(bundle: Bundle, **values: object) -> Bundle:
    return Bundle(bundle.path, dataclasses.replace(bundle.card, **values))


def test_the_same_again(trained: Path, home: Path) -> None:
    bundle, told = load_bundle(trained / "models" / "tiny"), []
    dataset = open_dataset(trained / "datasets" / "sample")
    result = reproduce(bundle, dataset, lambda done, total: told.append((done, total)))
    assert result.repeated.path == home / "models" / "tiny-repeated" and result.differences == ()
    # The same seed, data and machine: the same answers, up to the order in which threads add.
    assert result.agreement > 0.9 and abs(result.comparison.difference) < 0.1
    assert result.stated == bundle.card.metrics[0] and result.within is True
    assert told[-1][1] == 2
    report = json.loads(json.dumps(result.to_json()))
    assert report["original_accuracy"]["value"] == pytest.approx(bundle.card.metrics[0].value)
    assert report["agreement"] == result.agreement and 0 <= report["mcnemar_p"] <= 1


def test_the_mean_of_two_epochs_is_made_again(trained: Path, home: Path) -> None:
    bundle = load_bundle(trained / "models" / "tiny")
    of_two = changed(bundle, training=bundle.card.training | {"averaged": True})  # As earlier cards say it.
    result = reproduce(of_two, open_dataset(trained / "datasets" / "sample"))
    assert result.repeated.card.training["averaged"] == "newest"
    assert result.repeated.path == home / "models" / "tiny-repeated"
    assert list_runs()[0].status().bundle == str(result.repeated.path)


def test_classes_are_scaled_again_as_far_as_there_are_images(trained: Path, home: Path) -> None:
    bundle = load_bundle(trained / "models" / "tiny")
    told = {"by_class": 0.5, "by_class_on": bundle.card.dataset}
    scaled = changed(bundle, training=bundle.card.training | told)
    with pytest.raises(UserError, match="To scale 7 classes 1400 validation images are needed"):
        reproduce(scaled, open_dataset(trained / "datasets" / "sample"))
    assert list_runs() == []  # It is not trained in vain.


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"by_class": 0.5, "by_class_on": "its own"}, {"by_class": 0.5}),
        ({"by_class": 0, "by_class_on": "its own", "averaged": "start"}, {"by_class": 0, "averaged": "start"}),
        ({"by_class": 0.5, "by_class_on": "another"}, {}),
        ({"by_class": "much", "by_class_on": "its own", "averaged": "never"}, {}),
        ({"averaged": True}, {"averaged": "newest"}),
    ],
)
def test_a_bundle_is_made_again_as_its_card_says(said: dict, told: dict, trained: Path) -> None:
    card = load_bundle(trained / "models" / "tiny").card
    assert _making(dataclasses.replace(card, dataset="its own", training=said)) == told


def test_cancelled_leaves_the_queue(trained: Path, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    busy, process = create_run(TrainConfig(str(tmp_path), "busy")), psutil.Process()
    busy.write_status(Status("running", process.pid, process.create_time()))  # So that the new run has to wait.
    with pytest.raises(Cancelled):
        reproduce(load_bundle(trained / "models" / "tiny"), open_dataset(trained / "datasets" / "sample"), cancel)
    assert {run.config().name: run.status().state for run in list_runs()} == {
        "busy": "running",
        "tiny-repeated": "stopped",
    }


def test_settings_of_a_card(trained: Path) -> None:
    bundle, dataset = load_bundle(trained / "models" / "tiny"), open_dataset(trained / "datasets" / "sample")
    config = settings(bundle, dataset)
    assert (config.epochs, config.batch_size, config.seed, config.architecture) == (2, 32, 0, "tiny_cnn")
    assert config.data == str(dataset.root) and config.name == "tiny-repeated"
    # A card of the first version: it has the counts of images where later settings have a number.
    shipped = load_bundle(REPOSITORY / "models" / "emotion-deck")
    config = settings(shipped, dataset)
    assert (config.epochs, config.learning_rate, config.schedule, config.seed) == (12, 0.001, "cosine", 7)


def test_faces_without_labels_are_found_by_their_dataset_s_name(trained: Path, home: Path) -> None:
    bundle, dataset = load_bundle(trained / "models" / "tiny"), open_dataset(trained / "datasets" / "sample")
    taught = changed(bundle, training=bundle.card.training | {"teachers": "emotion", "unlabelled": "more"})
    with pytest.raises(UserError, match="“more” too, which is not known here"):
        settings(taught, dataset)
    more = write_faces(home / "datasets" / "more", {"train": {"who": 2}})
    assert settings(taught, dataset).unlabelled == str(more)
    other = write_faces(home / "elsewhere" / "more", {"train": {"who": 3}})
    remember(other)  # The one that was opened last comes first, unless the card knows better.
    assert settings(taught, dataset).unlabelled == str(other)
    noted = open_dataset(more).fingerprint()
    taught = changed(taught, training=taught.card.training | {"unlabelled_data": noted})
    assert settings(taught, dataset).unlabelled == str(more) and not differences(taught.card, dataset)
    next((more / "train" / "who").iterdir()).unlink()
    assert [found.what for found in differences(taught.card, dataset)] == ["Faces without labels"]


def test_a_run_that_began_with_another_s_weights_is_found_by_the_name_in_the_card(trained: Path, home: Path) -> None:
    shutil.copytree(trained / "runs", home / "runs")
    first = list_runs()[0]
    bundle, dataset = load_bundle(trained / "models" / "tiny"), open_dataset(trained / "datasets" / "sample")
    training = bundle.card.training | {"start_from": first.name, "distribute": "multiworker"}
    config = settings(changed(bundle, training=training), dataset)
    assert (config.start_from, config.distribute) == (first.name, "none")
    assert find_origin(config.start_from).weights == first.path / "best.weights.h5"
    assert with_origin(config).architecture == "tiny_cnn"


@pytest.mark.parametrize(
    ("asked", "found", "used"),
    [("lean_resnet", "wide_resnet", "lean_resnet"), ("wide_resnet", "lean_resnet", "lean_resnet"),
     ("lean_resnet", "deck_cnn", "deck_cnn"), ("deck_cnn", "wide_resnet", "wide_resnet")],
)  # fmt: skip
def test_only_a_leaner_network_may_differ_from_what_it_starts_from(asked: str, found: str, used: str) -> None:
    config = TrainConfig("data", "name", architecture=asked, start_from="model", size=24)
    assert with_origin(config, Origin(found, 32, (), Path())) == dataclasses.replace(config, architecture=used, size=32)


def test_a_leaner_network_learns_as_a_whole() -> None:
    config = TrainConfig("data", "name", architecture="lean_resnet", start_from="model", freeze=True)
    assert with_origin(config, Origin("lean_resnet", 48, (), Path())).freeze
    with pytest.raises(UserError, match="all of it has to learn"):
        with_origin(config, Origin("wide_resnet", 48, (), Path()))


def test_models_are_found_below_the_person_s_folder(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(trained))
    monkeypatch.setenv("USERPROFILE", str(trained))
    run = next((trained / "runs").glob("*-tiny"))
    assert find_bundle("~/models/tiny").path == trained / "models" / "tiny"
    assert find_origin("~/models/tiny").weights == trained / "models" / "tiny" / "model.weights.h5"
    assert find_origin(f"~/runs/{run.name}").weights == run / "best.weights.h5"


def test_what_differs_is_named(trained: Path, tmp_path: Path) -> None:
    card = load_bundle(trained / "models" / "tiny").card
    assert differences(card, open_dataset(trained / "datasets" / "sample")) == ()
    older = dataclasses.replace(card, versions={**card.versions, "keras": "2.4.0", "gone": "1"})
    other = open_dataset(write_faces(tmp_path, {"train": {"a": 2, "b": 2}, "validation": {"a": 1, "b": 1}}))
    found = {difference.what: (difference.then, difference.now) for difference in differences(older, other)}
    assert found["Images per split"] == ("train 168, validation 21, test 21", "train 4, validation 2")
    assert found["keras"][0] == "2.4.0" and found["gone"] == ("1", "–")
    assert "Hash of the file list" in found and len(found) == 4


BAD = {
    "no training": ({"training": {}}, "does not say how it was trained"),
    "words": ({"training": {"epochs": "many", "images": {"train": 1}}}, "can't be read"),
    "augmentation": ({"training": {"epochs": 1, "augmentation": 5}}, "can't be read"),
    "network": ({"training": {"epochs": 1, "architecture": "transformer"}}, "transformer"),
    "classes": ({"classes": ("a", "b")}, "was trained on a, b"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_card_that_can_t_be_repeated(trained: Path, case: str) -> None:
    values, says = BAD[case]
    bundle = changed(load_bundle(trained / "models" / "tiny"), **values)
    with pytest.raises(UserError, match=says):
        reproduce(bundle, open_dataset(trained / "datasets" / "sample"))
    assert list_runs() == []
