"""Models from elsewhere: what would run code, read files, end the server or fill it is refused with a sentence."""

import json
import pickle
import random
import sys
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from emotion.cnn.bundle import load_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.cnn.export import export_zip
from emotion.cnn.first_opening import try_bundle
from emotion.cnn.importing import import_bundle_zip
from emotion.cnn.keras2 import check_hdf5
from emotion.errors import UserError
from emotion.files import write_json
from tests.hostile.conftest import Files, with_file, with_tflite, zipped

PASSWD = "/etc/passwd"
NODES: dict[str, dict[str, Any]] = {
    "Lambda": {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "print"}},
    "code of a Lambda": {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
    "a file as vocabulary": {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": PASSWD}},
    "a file of words": {"module": "keras.layers", "class_name": "TextVectorization", "config": {"vocabulary": PASSWD}},
    "a pickled module": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gAS="}},
    "a function by name": {"module": "keras.layers", "class_name": "JaxLayer", "config": {"call_fn": "os.system"}},
    "a saved model": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp"}},
    "a class of somebody's": {"module": "builtins", "class_name": "eval", "config": {}},
    "registered": {"module": "keras.layers", "class_name": "Dense", "registered_name": "evil>Dense", "config": {}},
    "private": {"module": "keras.src.layers", "class_name": "Dense", "config": {}},
    "a loader": {"module": "keras.saving", "class_name": "load_model", "config": PASSWD},
}  # fmt: skip


@pytest.mark.parametrize("case", NODES)
def test_a_layer_that_is_not_known_is_refused_wherever_it_stands(
    files: Files, tmp_path: Path, home: Path, case: str
) -> None:
    network = json.loads(files["model.json"])
    network["config"]["layers"][2]["config"]["hidden"] = [{"deep": NODES[case]}]
    spoilt = with_file(files, "model.json", json.dumps(network).encode())
    with pytest.raises(UserError, match="none of those that are taken"):
        import_bundle_zip(zipped(tmp_path / "a.zip", spoilt))
    assert not list((home / "models").iterdir())


@pytest.mark.parametrize("name", ["model.json", "card.json"])
def test_json_nested_without_end_is_a_sentence(bundle_copy: Path, name: str) -> None:
    data = b"[" * 200_000
    if name == "model.json":
        spoilt = with_file({path.name: path.read_bytes() for path in bundle_copy.iterdir()}, name, data)
        (bundle_copy / "card.json").write_bytes(spoilt["card.json"])
    (bundle_copy / name).write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        load_bundle(bundle_copy)
    assert scan_bundles()[0]  # The shipped ones are listed whatever lies beside them.


def _divide_by_zero(network: schema.ModelT) -> None:
    pool = next(o for o in network.subgraphs[0].operators if isinstance(o.builtinOptions, schema.Pool2DOptionsT))
    pool.builtinOptions.filterWidth = pool.builtinOptions.filterHeight = 0


def _huge(network: schema.ModelT) -> None:
    graph = network.subgraphs[0]
    for place, tensor in enumerate(graph.tensors):
        if tensor.shapeSignature is not None and place not in {*graph.inputs, *graph.outputs}:
            tensor.shape, tensor.shapeSignature, tensor.buffer = [2**15, 2**15, 2**10, 1], None, 0


def _without_embedding(network: schema.ModelT) -> None:
    network.signatureDefs[0].outputs = [
        output for output in network.signatureDefs[0].outputs if output.name == b"probabilities"
    ]


def _no_number(network: schema.ModelT) -> None:
    last = network.subgraphs[0].operators[-1]
    last.builtinOptions.beta = float("nan")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        # Opened here, it would end the process by a signal.
        (_divide_by_zero, "ends the program that opens it"),
        (_huge, "is no network that can be run"),
        (_without_embedding, "is no network that can be run"),
        (_no_number, "no probabilities"),
    ],
)
def test_a_network_that_harms_is_refused_before_the_app_opens_it(
    files: Files, tmp_path: Path, home: Path, spoil: Callable[[schema.ModelT], None], says: str
) -> None:
    archive = zipped(tmp_path / "a.zip", with_tflite(files, spoil))
    with pytest.raises(UserError, match=says) as found:
        import_bundle_zip(archive)
    assert str(found.value).startswith("a.zip") and not list((home / "models").iterdir())


def test_a_model_that_takes_too_long(bundle_copy: Path) -> None:
    try_bundle(bundle_copy)
    with pytest.raises(UserError, match="ends the program that opens it, or takes more than 0 seconds"):
        try_bundle(bundle_copy, seconds=0.01)


def _crashing(file: h5py.File) -> None:
    """How many equal numbers a part holds stands in the file's head alone; HDF5 1.14 dies of so many."""
    packed = file.create_dataset("packed", data=[7, 7], dtype="int32", chunks=(2,), scaleoffset=0)
    grown = file.create_dataset("grown", (1,), "int32", maxshape=(None,), chunks=(2**27,), scaleoffset=0)
    grown.id.write_direct_chunk((0,), packed.id.read_direct_chunk((0,))[1])


def _swelling(file: h5py.File) -> None:
    """One number in a part of 2.5 GB, for which HDF5 takes twice as much: no size in the file's lists tells."""
    grown = file.create_dataset("grown", (1,), "int32", maxshape=(None,), chunks=(5 * 2**27,), compression="gzip")
    squeeze = zlib.compressobj()
    first, again = (squeeze.compress(bytes(2**20)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = (5 * 2**29 % 65521 << 16) + 1  # Adler-32 of so many zeros.
    end = squeeze.flush()[:-4] + checksum.to_bytes(4, "big")
    grown.id.write_direct_chunk((0,), first + again * (5 * 2**9 - 1) + end)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_crashing, "ends the program that opens it"),
        pytest.param(
            _swelling, "is no network that can be run",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory"),
        ),
    ],
)  # fmt: skip
def test_weights_that_harm_are_refused_before_the_app_reads_them(
    files: Files, tmp_path: Path, home: Path, spoil: Callable[[h5py.File], None], says: str
) -> None:
    weights = tmp_path / "model.weights.h5"
    weights.write_bytes(files[weights.name])
    with h5py.File(weights, "a") as file:
        spoil(file)
    check_hdf5(weights)  # Only reading the numbers harms.
    archive = zipped(tmp_path / "a.zip", with_file(files, weights.name, weights.read_bytes()))
    with pytest.raises(UserError, match=says):
        import_bundle_zip(archive)
    assert not list((home / "models").iterdir())


def spoilt_at_random(files: Files, draw: random.Random) -> Files:
    """A bundle with one file cut, or with some of its bytes changed; its card says that this is the file."""
    name = draw.choice(("model.tflite", "model.tflite", "model.weights.h5"))
    data = bytearray(files[name])
    if draw.random() < 0.2:
        del data[draw.randrange(len(data)) :]
    for _ in range(draw.choice((1, 2, 8))):
        # Whole numbers of the file's own structure, and single bytes.
        place, value = draw.randrange(max(len(data) // 4, 1)) * 4, draw.choice((0, 1, 2**20, 2**31 - 1, 2**32 - 1))
        data[place : place + 4] = value.to_bytes(4, "little")
    return with_file(files, name, bytes(data))


def take_in(files: Files, path: Path) -> str:
    """Import and use as the app does; only a UserError may come of it."""
    try:
        bundle = import_bundle_zip(zipped(path, files))
    except UserError:
        return "refused"
    check_hdf5(bundle.path / "model.weights.h5")
    answers = Classifier(bundle).predict(np.zeros((2, 48, 48), np.uint8))
    assert answers.shape == (2, 7)
    return "taken"


def test_networks_spoilt_at_random(files: Files, tmp_path: Path) -> None:
    draw = random.Random(0)
    cases = [spoilt_at_random(files, draw) for _ in range(16)]
    assert {name for name in files for case in cases if case[name] != files[name]} == {
        "card.json", "model.tflite", "model.weights.h5",
    }  # fmt: skip
    assert {take_in(case, tmp_path / "a.zip") for case in cases} == {"refused", "taken"}


@pytest.mark.soak
def test_sixty_networks_spoilt_at_random(files: Files, tmp_path: Path) -> None:
    draw = random.Random(1)
    found = [take_in(spoilt_at_random(files, draw), tmp_path / "a.zip") for _ in range(60)]
    assert 0 < found.count("refused") < len(found)  # Both ways were gone.


def _lattice(file: h5py.File) -> None:
    """Forty groups, each of which holds the next one ten times: 10^40 ways through it."""
    group = file.create_group("0")
    for _depth in range(1, 40):
        inner = group.create_group("0")
        for twin in range(1, 10):
            group[str(twin)] = inner
        group = inner
    group.create_dataset("a", data=np.zeros(2, np.float32))


def _datatype(file: h5py.File) -> None:
    file["a"] = np.dtype("float32")


@pytest.mark.parametrize("make", [_lattice, _datatype])
def test_weights_that_are_no_tree_of_numbers(tmp_path: Path, make: Callable[[h5py.File], None]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
    with pytest.raises(UserError, match="no HDF5 file that can be read"):
        check_hdf5(tmp_path / "a.h5")


class _Harm:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self.path),)


def test_a_head_s_arrays_are_never_unpickled(bundle_copy: Path, tmp_path: Path) -> None:
    mark, card = tmp_path / "ran", json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    harm = np.array([_Harm(str(mark))], object)
    np.savez(bundle_copy / "head.npz", weights=harm, bias=harm, allow_pickle=True)
    card["base"] = {"name": "tiny", "sha256": card["files"]["model.tflite"]}
    card["files"] = {"head.npz": sha256((bundle_copy / "head.npz").read_bytes()).hexdigest()}
    write_json(bundle_copy / "card.json", card)
    with pytest.raises(UserError, match="is damaged"):
        load_bundle(bundle_copy)
    assert not mark.exists()
    pickle.loads(pickle.dumps(_Harm(str(mark))))  # It would have worked.
    assert mark.exists()


def test_an_exported_zip_stays_in_its_folder_whatever_the_card_says(bundle_copy: Path, tmp_path: Path) -> None:
    card = json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    write_json(bundle_copy / "card.json", card | {"name": "../../evil"})
    export_zip(load_bundle(bundle_copy), tmp_path / "a.zip", ["tflite-dynamic"])
    assert import_bundle_zip(tmp_path / "a.zip").path.name == "evil"
