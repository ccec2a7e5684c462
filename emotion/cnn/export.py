"""A bundle's network in other programs' formats, each loaded again and compared with the bundle."""

import tempfile
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import onnxruntime

from emotion.cnn.bundle import CARD, NETWORK, TFLITE, WEIGHTS, Bundle, interpreter
from emotion.cnn.card import FILES
from emotion.cnn.formats import FORMATS, NETWORK_OF_H5, Proof
from emotion.cnn.usage import readme
from emotion.dataset.pixels import fit
from emotion.dataset.sample import draw_face
from emotion.errors import UserError
from emotion.files import plain_name, write_atomic, write_json, writing
from emotion.jobs import Progress
from emotion.labels import EMOTIONS

COMPARED_IMAGES = 256
_BATCH = 64


def export_bundle(bundle: Bundle, format: str, destination: Path) -> Proof:
    """Write a verified bundle's network to the file ``destination`` in one of ``FORMATS``.

    Of ``h5``, the network goes to ``model.json`` beside it. The file is loaded again and compared with the bundle on
    256 drawn faces before it appears. Raises UserError for an unknown format and for a file that exists already or
    can't be written. Needs the TensorFlow backend for TFLite and ONNX.
    """
    _insist_on_format(format)
    written = [destination] + [destination.with_name(NETWORK_OF_H5)] * (format == "h5")
    if len(set(written)) < len(written):
        raise UserError(
            "{file} is the name of the network’s own file, which goes beside the weights. Give the weights another "
            "one, as model_weights.h5.",
            file=destination,
        )
    for path in written:
        _insist_on_free(path)
    with tempfile.TemporaryDirectory() as folder:
        proof = _export(bundle, load_network(bundle), [format], Path(folder), None)[0]
        with writing(destination):
            for path, name in zip(written, (proof.file, NETWORK_OF_H5), strict=False):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, (Path(folder) / name).read_bytes())
    return Proof(**{**proof.to_json(), "file": destination.name})


def export_zip(
    bundle: Bundle, destination: Path, formats: Iterable[str] = tuple(FORMATS), progress: Progress | None = None
) -> tuple[Proof, ...]:
    """Write one zip with the whole bundle and its exports, as a folder of the bundle's name.

    It holds ``card.json`` and the bundle's files, so that ``importing.import_bundle_zip`` takes it in elsewhere, the
    file of each format, ``proofs.json``, and a ``README.md`` with code for each. ``progress`` is told (formats done,
    formats in all). Raises UserError as ``export_bundle`` does.
    """
    wanted = list(dict.fromkeys(formats))
    for format in wanted:
        _insist_on_format(format)
    _insist_on_free(destination)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in FILES:
            (folder / name).write_bytes(bundle.read(name))
        (folder / CARD).write_bytes((bundle.path / CARD).read_bytes())
        proofs = _export(bundle, load_network(bundle), wanted, folder, progress)
        write_json(folder / "proofs.json", [proof.to_json() for proof in proofs])
        (folder / "README.md").write_text(readme(bundle.card, wanted), encoding="utf-8")
        with writing(destination):
            destination.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(destination, _zipped(folder, plain_name(bundle.path.name) or "model"))
    return tuple(proofs)


def load_network(bundle: Bundle) -> keras.Model:
    """The Keras network of a verified bundle with its weights; raw gray 0-255 in, probabilities out."""
    keras.config.set_dtype_policy("float32")
    network = keras.models.model_from_json(bundle.read(NETWORK).decode("utf-8"))
    bundle.read(WEIGHTS)  # Its hash; Keras reads weights from a path only.
    network.load_weights(bundle.path / WEIGHTS)
    return network


def probe_faces(height: int, width: int, count: int = COMPARED_IMAGES) -> np.ndarray:
    """Drawn faces to compare networks on, uint8 (count, height, width): the same ones on every computer."""
    faces = [
        draw_face(EMOTIONS[number % len(EMOTIONS)].key, np.random.default_rng((0, number))) for number in range(count)
    ]
    return np.stack([fit(face, (height, width)) for face in faces])


def _export(
    bundle: Bundle, network: keras.Model, formats: list[str], folder: Path, progress: Progress | None
) -> list[Proof]:
    spec, proofs = bundle.card.input, []
    faces = probe_faces(spec.height, spec.width)[..., np.newaxis]
    expected = network.predict(faces, verbose=0)
    if progress:
        progress(0, len(formats))
    for done, format in enumerate(formats, 1):
        path = folder / FORMATS[format].file
        _write(bundle, network, format, path)
        difference = float(np.abs(_answers(format, path, faces) - expected).max())
        proofs.append(Proof(format, path.name, path.stat().st_size, difference, len(faces)))
        if progress:
            progress(done, len(formats))
    return proofs


def _write(bundle: Bundle, network: keras.Model, format: str, path: Path) -> None:
    if format == "tflite-dynamic":
        path.write_bytes(bundle.read(TFLITE))
    elif format == "tflite":
        outputs = {"probabilities": network.outputs[0], "embedding": network.get_layer("embedding").output}
        keras.Model(network.inputs, outputs).export(path, format="litert", verbose=False)
    elif format == "onnx":
        with warnings.catch_warnings():  # Keras looks whether NumPy still has what tf2onnx asks of it.
            warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
            network.export(path, format="onnx", verbose=False)
    else:  # Keras 3's save_weights refuses the course's name "model_weights.h5"; save does not.
        network.save(path)
        if format == "h5":
            path.with_name(NETWORK_OF_H5).write_bytes(bundle.read(NETWORK))


def _answers(format: str, path: Path, faces: np.ndarray) -> np.ndarray:
    """The probabilities float32 (N, K) that the exported file gives for faces uint8 (N, H, W, 1)."""
    if format == "keras":
        return keras.models.load_model(path).predict(faces, verbose=0)
    if format == "h5":
        network = keras.models.model_from_json(path.with_name(NETWORK_OF_H5).read_text(encoding="utf-8"))
        network.load_weights(path)
        return network.predict(faces, verbose=0)
    batches = [faces[start : start + _BATCH].astype(np.float32) for start in range(0, len(faces), _BATCH)]
    return np.concatenate(_onnx_answers(path, batches) if format == "onnx" else _tflite_answers(path, batches))


def _tflite_answers(path: Path, batches: list[np.ndarray]) -> list[np.ndarray]:
    runner = interpreter(path.read_bytes()).get_signature_runner()
    argument = next(iter(runner.get_input_details()))
    return [runner(**{argument: batch})["probabilities"] for batch in batches]


def _onnx_answers(path: Path, batches: list[np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(path.read_bytes())  # A path with Hangul may fail under Windows.
    argument = session.get_inputs()[0].name
    return [session.run(None, {argument: batch})[0] for batch in batches]


def _zipped(folder: Path, name: str) -> bytes:
    """The files of a folder as a zip, stored as they are: weights hardly shrink."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"{name}/{path.name}")
        file.seek(0)
        return file.read()


def _insist_on_format(format: str) -> None:
    if format not in FORMATS:
        raise UserError("Format: expected one of {formats}, found {found}.", formats=", ".join(FORMATS), found=format)


def _insist_on_free(path: Path) -> None:
    if path.exists():
        raise UserError("{path} exists already. Choose another name, or delete it first.", path=path)
