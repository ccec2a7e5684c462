"""The course's own old files: the same weights give the same answers; everything else is told what is wrong."""

import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cnn.architectures import deck_cnn
from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.export import export_bundle, load_network, probe_faces
from emotion.cnn.model_files import import_model_files
from emotion.cnn.origin import find_origin
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from tests.cnn.old_files import deck_layers, write_network, write_weights

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
SMALL = deck_layers((4, 4, 4, 4), (6, 8))


def weights_of(model: keras.Model) -> list[np.ndarray]:
    """Weights as after training: none of them a neat 0 or 1, and variances over 0."""
    random = np.random.default_rng(1)
    drawn = [random.normal(0, 0.05, weights.shape) for weights in model.get_weights()]
    pairs = zip(model.weights, drawn, strict=True)
    return [(np.abs(array) + 0.5 if "variance" in variable.path else array).astype("f4") for variable, array in pairs]


def small_network(last: str = "softmax") -> keras.Sequential:
    """The network of ``SMALL`` in Keras 3, written anew."""
    blocks = [
        part
        for size in (3, 5, 3, 3)
        for part in (
            keras.layers.Conv2D(4, size, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(2),
        )
    ]
    dense = [
        part
        for units in (6, 8)
        for part in (keras.layers.Dense(units), keras.layers.BatchNormalization(), keras.layers.ReLU())
    ]
    head = keras.layers.Dense(7, activation=last)
    return keras.Sequential([keras.Input((48, 48, 1)), *blocks, keras.layers.Flatten(), *dense, head])


@cache
def small_model() -> keras.Sequential:
    """It with weights, to be asked only."""
    model = small_network()
    model.set_weights(weights_of(model))
    return model


def small_files(folder: Path) -> tuple[Path, Path, keras.Model]:
    return (
        write_network(folder / "model.json", SMALL),
        write_weights(folder / "model_weights.h5", SMALL, small_model().get_weights()),
        small_model(),
    )


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 48, 48), np.uint8)


def test_the_deck_s_files_answer_as_their_weights_do(tmp_path: Path, home: Path, faces: np.ndarray) -> None:
    here, layers = deck_cnn(7), deck_layers()
    here.set_weights(weights_of(here))
    folder = tmp_path / "옛 모델 🙂"
    folder.mkdir()
    bundle = import_model_files(
        write_network(folder / "model.json", layers),
        write_weights(folder / "model_weights.h5", layers, here.get_weights()),
        EMOTIONS,
    )
    assert bundle.path == home / "models" / "model_weights"
    assert (bundle.card.task, bundle.card.classes, bundle.card.parameters) == ("emotion", EMOTIONS, 4_478_727)
    expected = here.predict(faces[..., np.newaxis], verbose=0)
    assert np.array_equal(load_network(bundle).predict(faces[..., np.newaxis], verbose=0), expected)
    assert np.abs(Classifier(load_bundle(bundle.path)).predict(faces) - expected).max() < 0.02
    assert Classifier(bundle).embed(faces).shape == (20, 512)
    assert find_origin(str(bundle.path)).architecture == "deck_cnn"  # It can be trained further.


@pytest.mark.parametrize("file", ["모델.keras", "모델.h5"])
def test_a_whole_model_is_one_file(file: str, tmp_path: Path, home: Path, faces: np.ndarray) -> None:
    small_model().save(tmp_path / file)
    done = CliRunner().invoke(main, ["import-model", str(tmp_path / file), "--classes", ",".join(EMOTIONS), "--json"])
    assert done.exit_code == 0, done.output
    bundle = load_bundle(home / "models" / "모델")
    expected = small_model().predict(faces[..., np.newaxis] / 255, verbose=0)
    assert np.abs(load_network(bundle).predict(faces[..., np.newaxis], verbose=0) - expected).max() < 1e-5


def test_what_was_exported_in_one_file_comes_back_the_same(small_bundle: Bundle, tmp_path: Path, home: Path) -> None:
    export_bundle(small_bundle, "keras", tmp_path / "again.keras")
    again = import_model_files(tmp_path / "again.keras", None, ("a", "b"))
    faces = probe_faces(16, 16, 20)
    expected = load_network(small_bundle).predict(faces[..., np.newaxis], verbose=0)  # Not divided by 255 twice.
    assert np.array_equal(load_network(again).predict(faces[..., np.newaxis], verbose=0), expected)


@pytest.mark.parametrize(
    ("file", "make", "says"),
    [
        ("w.h5", lambda path: write_weights(path, SMALL, small_model().get_weights()), "holds weights and no network"),
        ("w.h5", lambda path: path.write_bytes(b"none"), "is no HDF5 file"),
        ("m.keras", lambda path: path.write_bytes(b"PK none"), "no model that Keras 3 has saved"),
        ("m.keras", lambda path: zipfile.ZipFile(path, "w").close(), "no model that Keras 3 has saved"),
        ("m.keras", lambda path: keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(),
            keras.layers.Lambda(lambda x: x), keras.layers.Dense(7, "softmax")]).save(path), "Lambda"),
        ("none.keras", lambda path: None, "none.keras"),
    ],
)  # fmt: skip
def test_one_file_that_is_no_whole_model_is_a_sentence(
    file: str, make: Callable[[Path], object], says: str, tmp_path: Path, home: Path
) -> None:
    make(tmp_path / file)
    done = CliRunner().invoke(main, ["import-model", str(tmp_path / file), "--classes", ",".join(EMOTIONS)])
    assert done.exit_code == 2 and says in done.stderr and done.stderr.count("\n") == 1
    assert not (home / "models").exists() or not list((home / "models").iterdir())


@pytest.mark.parametrize(("scaling", "factor"), [("divide by 255", 255), ("none", 1)])
def test_scaling_goes_inside(tmp_path: Path, faces: np.ndarray, scaling: str, factor: int) -> None:
    network, weights, model = small_files(tmp_path)
    bundle = import_model_files(network, weights, EMOTIONS, scaling, name="내 모델", task="mood")
    expected = model.predict(faces[..., np.newaxis] / factor, verbose=0)
    found = load_network(bundle).predict(faces[..., np.newaxis], verbose=0)
    assert np.abs(found - expected).max() < 1e-5
    assert (bundle.card.name, bundle.card.task, bundle.card.metrics) == ("내 모델", "mood", ())


def test_a_whole_model_s_h5_and_measuring(tmp_path: Path, trained: Path) -> None:
    network, _, model = small_files(tmp_path)
    whole = write_weights(tmp_path / "whole.weights.hdf5", SMALL, model.get_weights(), "model_weights")
    dataset = open_dataset(trained / "datasets" / "sample")
    bundle = import_model_files(network, whole, EMOTIONS, dataset=dataset)
    images = dataset.load("validation")
    right = model.predict(images.pixels[..., np.newaxis] / 255, verbose=0).argmax(axis=1) == images.labels
    assert bundle.card.metrics[0].n == len(right) and abs(bundle.card.metrics[0].value - right.mean()) < 0.1


def test_an_export_comes_back(small_bundle: Bundle, tmp_path: Path, faces: np.ndarray) -> None:
    export_bundle(small_bundle, "h5", tmp_path / "model_weights.h5")
    bundle = import_model_files(tmp_path / "model.json", tmp_path / "model_weights.h5", ("a", "b"))
    shown = faces[:, :16, :16, np.newaxis]
    first, second = (load_network(one).predict(shown, verbose=0) for one in (small_bundle, bundle))
    assert np.array_equal(first, second)


def test_a_name_that_is_taken_meanwhile_gets_a_number(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, weights, _ = small_files(tmp_path)

    def taken(height: int, width: int) -> np.ndarray:  # Another import ends while this one measures.
        (home / "models" / "mine").mkdir()
        return probe_faces(height, width)

    monkeypatch.setattr("emotion.cnn.model_files.probe_faces", taken)
    bundle = import_model_files(network, weights, EMOTIONS, name="mine")
    assert bundle.path.name == bundle.card.name == "mine-2"
    assert {path.name for path in (home / "models").iterdir()} == {"mine", "mine-2"}


def colab_network() -> keras.Model:
    """As somebody writes it today: other names, dropout, trained, so that the file has an optimizer too."""
    inputs = keras.Input((48, 48, 1))
    both = keras.layers.Add()([
        keras.layers.Conv2D(3, size, name=f"eye{size}", padding="same")(inputs) for size in (3, 5)
    ])
    flat = keras.layers.Flatten()(keras.layers.BatchNormalization()(keras.layers.MaxPooling2D(8)(both)))
    hidden = keras.layers.Dropout(0.3, seed=1)(keras.layers.Dense(6, "relu")(flat))
    model = keras.Model(inputs, keras.layers.Dense(7, "softmax", name="mood")(hidden))
    model.compile("adam", "categorical_crossentropy")
    model.fit(np.random.default_rng(0).random((8, 48, 48, 1)), np.eye(7)[np.arange(8) % 7], verbose=0)
    return model


@pytest.mark.parametrize("make", [colab_network, small_model])
@pytest.mark.parametrize("name", ["my.weights.h5", "renamed.h5"])
def test_weights_of_keras_3(tmp_path: Path, faces: np.ndarray, make: Callable[[], keras.Model], name: str) -> None:
    model = make()
    (tmp_path / "model.json").write_text(model.to_json(), encoding="utf-8")
    model.save_weights(tmp_path / "my.weights.h5")
    (tmp_path / "my.weights.h5").rename(tmp_path / name)
    bundle = import_model_files(tmp_path / "model.json", tmp_path / name, EMOTIONS)
    assert bundle.card.name == name.split(".")[0]
    expected = model.predict(faces[..., np.newaxis] / 255, verbose=0)
    assert np.abs(load_network(bundle).predict(faces[..., np.newaxis], verbose=0) - expected).max() < 1e-5


def test_a_bundle_s_own_files_come_back(small_bundle: Bundle, faces: np.ndarray) -> None:
    path = small_bundle.path
    bundle = import_model_files(path / "model.json", path / "model.weights.h5", ("a", "b"))
    shown = faces[:, :16, :16, np.newaxis]
    first, second = (load_network(one).predict(shown, verbose=0) for one in (small_bundle, bundle))
    assert np.array_equal(first, second)


def test_weights_of_keras_3_of_another_network_are_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "model.json").write_text(colab_network().to_json(), encoding="utf-8")
    small_model().save_weights(tmp_path / "my.weights.h5")
    with pytest.raises(UserError, match="are not those of the network"):
        import_model_files(tmp_path / "model.json", tmp_path / "my.weights.h5", EMOTIONS)
    # Of many layers that don't fit, Keras announces an example: that is the reason.
    with pytest.raises(UserError, match=r"\(Layer 'eye3' expected 2 variables, .*\['kernel', 'bias'\]\)\."):
        import_model_files(tmp_path / "model.json", REPOSITORY / "models/emotion/model.weights.h5", EMOTIONS)
    assert not (home / "models").exists()


def edit(change: Callable[[dict], object]) -> Callable[[Path, Path], None]:
    def spoil(network: Path, weights: Path) -> None:
        values = json.loads(network.read_text(encoding="utf-8"))
        change(values)
        network.write_text(json.dumps(values), encoding="utf-8")

    return spoil


def layers_of(network: dict) -> list[dict]:
    return network["config"]["layers"]


def _short(network: Path, weights: Path) -> None:
    with h5py.File(weights, "a") as file:
        names = [name for name in file.attrs["layer_names"] if "dense_1" not in str(name)]
        del file.attrs["layer_names"]
        file.attrs["layer_names"] = names


def _not_finite(network: Path, weights: Path) -> None:
    with h5py.File(weights, "a") as file:
        file["dense_2/dense_2/bias:0"][...] = np.nan


BAD: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "pickle": (lambda n, w: w.write_bytes(b"\x80\x04\x95"), "is no HDF5 file"),
    "no weights": (lambda n, w: w.unlink(), "can't be read"),
    "folder": (lambda n, w: (n.unlink(), n.mkdir()), "can't be read"),
    "no network": (lambda n, w: n.write_text("{", encoding="utf-8"), "is no model.json"),
    "no text": (lambda n, w: n.write_bytes(b"\x80\x04\x95"), "is no model.json"),
    "a list": (lambda n, w: n.write_text("[]", encoding="utf-8"), "is no model.json"),
    "deep": (lambda n, w: n.write_text("[" * 100_000, encoding="utf-8"), "is no model.json"),
    "Lambda": (edit(lambda n: layers_of(n)[3].update(class_name="Lambda")), "“Lambda”"),
    "fewer layers": (edit(lambda n: layers_of(n).pop(1)), "are not those of the network"),
    "other shapes": (edit(lambda n: layers_of(n)[1]["config"].update(filters=5)), "are not those of the network"),
    "a layer missing": (_short, "are not those of the network"),
    "unknown setting": (edit(lambda n: layers_of(n)[1]["config"].update(magic=1)), "no network that Keras can build"),
    "unknown start": (
        edit(lambda n: layers_of(n)[1]["config"].update(kernel_initializer={"class_name": "os", "config": {}})),
        "no network that Keras can build",
    ),
    "colour": (
        edit(lambda n: layers_of(n)[0]["config"].update(batch_input_shape=[None, 48, 48, 3])),
        "are not those of the network|expected gray",
    ),
    "logits": (edit(lambda n: layers_of(n)[-1]["config"].update(activation="linear")), "no probabilities"),
    "not finite": (_not_finite, "no probabilities"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_say_what_is_wrong_and_leave_nothing(tmp_path: Path, home: Path, case: str) -> None:
    network, weights, _ = small_files(tmp_path)
    spoil, says = BAD[case]
    spoil(network, weights)
    with pytest.raises(UserError, match=says):
        import_model_files(network, weights, EMOTIONS)
    assert not (home / "models").exists() or not list((home / "models").iterdir())


def test_a_network_for_oblong_pictures_is_refused(tmp_path: Path, home: Path) -> None:
    model = keras.Sequential([keras.Input((16, 24, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    (tmp_path / "model.json").write_text(model.to_json(), encoding="utf-8")
    model.save(tmp_path / "weights.h5")
    with pytest.raises(UserError, match=r"takes \(16, 24, 1\); expected square gray pictures"):
        import_model_files(tmp_path / "model.json", tmp_path / "weights.h5", ("a", "b"))


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ((), "in the order of the outputs"),
        (("a",), "in the order of the outputs"),
        (("a", "a"), r"are called a\."),
        (("a", " "), "in the order of the outputs"),
        (EMOTIONS[:6], "has 7 outputs"),
        ((*EMOTIONS, "contempt"), "has 7 outputs"),
    ],
)
def test_classes_must_be_those_of_the_outputs(tmp_path: Path, classes: tuple[str, ...], says: str) -> None:
    network, weights, _ = small_files(tmp_path)
    with pytest.raises(UserError, match=says):
        import_model_files(network, weights, classes)


def test_an_unknown_scaling(tmp_path: Path) -> None:
    network, weights, _ = small_files(tmp_path)
    with pytest.raises(UserError, match="Scaling: expected one of divide by 255 / none"):
        import_model_files(network, weights, EMOTIONS, "times two")
