"""The models that ship, measured again: on the data they were trained on where it lies beside the project."""

import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import evaluate, share
from emotion.cnn.people import people_figures
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.utkface import import_utkface
from emotion.homes import REPOSITORY

MODELS = REPOSITORY / "models"
NAMES = sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir())
DATA = REPOSITORY.parent / "shared" / "data"
EVERY = 5


def data(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not there")
    return DATA / name


def stated(bundle: Bundle) -> Metric:
    (accuracy,) = bundle.card.metrics
    assert accuracy.split == "validation" and accuracy.low < accuracy.value < accuracy.high
    return accuracy


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_complete_and_keeps_its_promises(name: str) -> None:
    card = load_bundle(MODELS / name).card
    measured = card.measured
    assert card.terms and "not stated" not in (card.terms, card.dataset) and not card.synthetic
    assert measured["protocol"] == "one crop, no test-time augmentation" and measured["split"] == "validation"
    assert measured["calibration_error"] <= 0.04 and measured["milliseconds_a_face"] > 0
    assert set(measured["recall"]) == set(card.classes) and card.largest_difference < 0.05
    assert name == "emotion-deck" or card.parameters <= 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_their_readme_says_what_the_card_says(name: str) -> None:
    text, bundle = (MODELS / "README.md").read_text(encoding="utf-8"), load_bundle(MODELS / name)
    found, measured = stated(bundle), bundle.card.measured
    assert f"{100 * found.value:.1f} % | {100 * found.low:.1f} – {100 * found.high:.1f} %" in text
    assert f"{found.n:,}" in text and bundle.card.architecture in text
    assert f"{100 * measured['calibration_error']:.1f} %" in text and f"{measured['temperature']:.2f}" in text


def test_they_tell_four_things_apart() -> None:
    tasks = {name: load_bundle(MODELS / name).card.task for name in NAMES}
    assert tasks == {"age": "age", "emotion": "emotion", "emotion-deck": "emotion", "gender": "gender"}


@pytest.mark.parametrize("name", ["emotion", "emotion-deck"])
def test_the_emotions_on_a_fifth_of_validation(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(data("fer2013.zip")) as archive:
        images = [file for file in archive.namelist() if "validation/" in file and file.endswith(".png")]
        archive.extractall(tmp_path, images[::EVERY])
    (root,) = {Path(tmp_path, file).parents[2] for file in images[::EVERY]}
    bundle = load_bundle(MODELS / name)
    again = evaluate(Classifier(bundle), open_dataset(root), "validation").accuracy
    assert again.n > 700 and again.low <= stated(bundle).value <= again.high


def test_ages_and_genders_on_a_sixth_of_validation(tmp_path: Path) -> None:
    # Every sixth of those that the models were measured on.
    names = set((Path(__file__).parent / "utkface_validation.txt").read_text(encoding="utf-8").split())
    with zipfile.ZipFile(data("utkface.zip")) as archive:
        wanted = [file for file in archive.namelist() if PurePosixPath(file).name.split(".")[0] in names]
        archive.extractall(tmp_path / "photos", wanted)
    # Found, cut and then split anew, so that all splits together are the images of validation.
    for name, dataset in zip(("age", "gender"), import_utkface(tmp_path / "photos", tmp_path), strict=True):
        bundle = load_bundle(MODELS / name)
        found = [evaluate(Classifier(bundle), dataset, split) for split in dataset.splits]
        right = np.concatenate([one.answers == one.labels for one in found])
        again = share(name, right, "validation")
        assert again.n > 300 and again.low <= stated(bundle).value <= again.high
        assert sum(people_figures(one, dataset)["groups"]["female"]["n"] for one in found) < again.n
