"""Exported files, opened by the programs they are for."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import keras
import numpy as np
import onnx
import pytest
from ai_edge_litert.interpreter import Interpreter
from onnx.reference import ReferenceEvaluator

from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.export import export_bundle, export_zip, load_network, probe_faces
from emotion.cnn.formats import FORMATS, Proof
from emotion.cnn.importing import import_bundle_zip
from emotion.cnn.model_files import import_model_files
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.homes import REPOSITORY
from emotion.jobs import Cancelled


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Proof]]:
    """The unpacked zip of all formats, and the proofs."""
    folder = tmp_path_factory.mktemp("내보내기 🙂")
    proofs = export_zip(load_bundle(trained / "models" / "tiny"), folder / "tiny.zip")
    with zipfile.ZipFile(folder / "tiny.zip") as archive:
        archive.extractall(folder)
    return folder, {proof.format: proof for proof in proofs}


@pytest.fixture(scope="module")
def faces(trained: Path) -> np.ndarray:
    pixels = open_dataset(trained / "datasets" / "sample").load("train").pixels[:40]
    return pixels[..., np.newaxis].astype(np.float32)


@pytest.fixture(scope="module")
def expected(trained: Path, faces: np.ndarray) -> np.ndarray:
    folder = trained / "models" / "tiny"
    model = keras.models.model_from_json((folder / "model.json").read_text(encoding="utf-8"))
    model.load_weights(folder / "model.weights.h5")
    return model.predict(faces, verbose=0)


def test_every_format_is_proved(exported: tuple[Path, dict[str, Proof]]) -> None:
    folder, proofs = exported
    assert list(proofs) == list(FORMATS)
    assert all(proof.n == 256 for proof in proofs.values())
    assert all(proof.bytes == (folder / "tiny" / proof.file).stat().st_size for proof in proofs.values())
    assert {format: proof.largest_difference < 1e-4 for format, proof in proofs.items() if "dynamic" not in format} == {
        "keras": True, "h5": True, "tflite": True, "onnx": True,
    }  # fmt: skip
    assert 0 < proofs["tflite-dynamic"].largest_difference < 0.05
    told = json.loads((folder / "tiny" / "proofs.json").read_text(encoding="utf-8"))
    assert [Proof(**row) for row in told] == list(proofs.values())


def test_keras_opens_its_file(exported: tuple[Path, dict], faces: np.ndarray, expected: np.ndarray) -> None:
    model = keras.models.load_model(exported[0] / "tiny" / "model.keras")
    assert np.abs(model.predict(faces, verbose=0) - expected).max() < 1e-6


def test_the_course_s_way_opens_the_course_s_files(
    exported: tuple[Path, dict], faces: np.ndarray, expected: np.ndarray
) -> None:
    folder = exported[0] / "tiny"
    model = keras.models.model_from_json((folder / "model.json").read_text(encoding="utf-8"))
    model.load_weights(folder / "model_weights.h5")
    assert np.abs(model.predict(faces, verbose=0) - expected).max() < 1e-6


def test_onnx_s_own_evaluator_opens_onnx(exported: tuple[Path, dict], faces: np.ndarray, expected: np.ndarray) -> None:
    # In NumPy, by the letter of the standard: slow, and not what the proof was made with.
    network = ReferenceEvaluator(onnx.load(exported[0] / "tiny" / "model.onnx"))
    found = network.run(None, {network.input_names[0]: faces[:4]})[0]
    assert np.abs(found - expected[:4]).max() < 1e-4


def test_the_code_in_the_readme_runs_and_answers_as_the_bundle_does(
    exported: tuple[Path, dict], trained: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(exported[0] / "tiny", tmp_path / "tiny"))
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "Do not divide by 255" in text and "255로 나누지 마세요" in text
    photo = open_dataset(trained / "datasets" / "sample").load("train", (96, 96)).pixels[0]
    (folder / "face.png").write_bytes(cv2.imencode(".png", photo)[1].tobytes())
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == len(FORMATS)
    done = subprocess.run(
        [sys.executable, "-c", "\nprint('---')\n".join(blocks)], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    bundle = load_bundle(trained / "models" / "tiny")
    shares = Classifier(bundle).predict(crop_face(photo, (0, 0, 96, 96), 48)[np.newaxis])[0]
    for said in done.stdout.split("---"):
        found = dict(re.findall(r"^(\w+): ([\d.]+)%$", said, re.MULTILINE))
        assert list(found) == list(bundle.card.classes)
        assert [float(share) / 100 for share in found.values()] == pytest.approx(shares, abs=0.02)


def test_a_network_with_branches(tmp_path: Path) -> None:
    inputs = keras.Input((16, 16, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    squeezed = keras.layers.Reshape((1, 1, 4))(
        keras.layers.Dense(4, "sigmoid")(keras.layers.GlobalAveragePooling2D()(x))
    )
    x = keras.layers.Add()([x, keras.layers.Multiply()([x, squeezed])])
    # The deck's end: in which order the numbers of a map are laid flat is for every format to decide.
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Dense(6)(x)))
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))
    (tmp_path / "model.json").write_text(model.to_json(), encoding="utf-8")
    model.save(tmp_path / "w.h5")
    bundle = import_model_files(tmp_path / "model.json", tmp_path / "w.h5", ("female", "male"))
    assert bundle.card.task == "gender"
    for format in ("onnx", "tflite"):
        assert export_bundle(bundle, format, tmp_path / f"x.{format}").largest_difference < 1e-5


@pytest.mark.parametrize(("file", "most"), [("model-float32.tflite", 1e-4), ("model.tflite", 0.05)])
def test_litert_opens_tflite(
    exported: tuple[Path, dict], faces: np.ndarray, expected: np.ndarray, file: str, most: float
) -> None:
    runner = Interpreter(model_content=(exported[0] / "tiny" / file).read_bytes()).get_signature_runner()
    found = runner(**{next(iter(runner.get_input_details())): faces})
    assert np.abs(found["probabilities"] - expected).max() < most
    assert found["embedding"].shape == (40, 128)


def test_the_zip_is_taken_in_elsewhere(exported: tuple[Path, dict], trained: Path, faces: np.ndarray) -> None:
    here = import_bundle_zip(exported[0] / "tiny.zip")
    there, pixels = load_bundle(trained / "models" / "tiny"), faces[..., 0].astype(np.uint8)
    assert here.path.name == "tiny" and here.card == there.card
    assert np.array_equal(Classifier(here).predict(pixels), Classifier(there).predict(pixels))


def test_a_file_that_answers_otherwise_is_found_out(bundle_copy: Path, tmp_path: Path) -> None:
    other = (REPOSITORY / "models" / "emotion-deck" / "model.tflite").read_bytes()
    (bundle_copy / "model.tflite").write_bytes(other)
    card = json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    card["files"]["model.tflite"] = hashlib.sha256(other).hexdigest()
    (bundle_copy / "card.json").write_text(json.dumps(card), encoding="utf-8")
    proof = export_bundle(load_bundle(bundle_copy), "tflite-dynamic", tmp_path / "x.tflite")
    assert proof.largest_difference > 0.1


def test_one_file_alone(small_bundle: Bundle, tmp_path: Path) -> None:
    proof = export_bundle(small_bundle, "h5", tmp_path / "새 폴더" / "weights.h5")
    assert sorted(path.name for path in (tmp_path / "새 폴더").iterdir()) == ["model.json", "weights.h5"]
    assert (proof.format, proof.file, proof.largest_difference) == ("h5", "weights.h5", 0)
    with pytest.raises(UserError, match="exists already"):
        export_bundle(small_bundle, "h5", tmp_path / "새 폴더" / "other.h5")  # It would replace model.json.
    with pytest.raises(UserError, match="the network’s own file"):
        export_bundle(small_bundle, "h5", tmp_path / "model.json")
    assert not (tmp_path / "model.json").exists()
    with pytest.raises(UserError, match="expected one of keras, h5"):
        export_bundle(small_bundle, "pickle", tmp_path / "x")


def test_cancelled_leaves_nothing(small_bundle: Bundle, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        export_zip(small_bundle, tmp_path / "x.zip", ["keras"], cancel)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_can_t_be_written(small_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="can't be written"):
        export_bundle(small_bundle, "tflite-dynamic", tmp_path / "file" / "x.tflite")


def test_probe_faces_are_the_same_everywhere() -> None:
    faces = probe_faces(32, 24, 14)
    assert faces.shape == (14, 32, 24) and faces.dtype == np.uint8
    assert np.array_equal(faces, probe_faces(32, 24, 14)) and len(np.unique(faces, axis=0)) == 14


def test_the_network_is_the_bundle_s(trained: Path, faces: np.ndarray, expected: np.ndarray) -> None:
    network = load_network(load_bundle(trained / "models" / "tiny"))
    assert np.array_equal(network.predict(faces, verbose=0), expected)
