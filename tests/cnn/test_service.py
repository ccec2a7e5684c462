"""The helper process: a real one, asked as the pages ask it."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest

from emotion.cnn import explain, inside, service
from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.service.messages import read_message, write_message
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.files import sha256
from emotion.homes import REPOSITORY
from emotion.jobs import Cancelled


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """One helper for all tests here; it does not outlive them."""
    yield
    service.stop()


@pytest.fixture
def bundle(trained: Path) -> Bundle:
    return load_bundle(trained / "models" / "tiny")


@pytest.fixture
def face(trained: Path) -> np.ndarray:
    return open_dataset(trained / "datasets" / "sample").load("validation").pixels[0]


def helper() -> psutil.Process:
    return psutil.Process(service._helper._process.pid)


def test_a_message_arrives_as_it_was_sent() -> None:
    stream = BytesIO()
    sent = {"글": [1, {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}], "none": None, "y": np.float32(0.5)}
    write_message(stream, sent)
    write_message(stream, inside.FeatureMap("a", "ReLU", np.zeros((0, 2))))
    stream.seek(0)
    first, second = read_message(stream), read_message(stream)
    assert np.array_equal(first["글"][1]["x"], sent["글"][1]["x"]) and first["글"][1]["x"].dtype == np.float32
    assert first["글"][0] == 1 and first["none"] is None and first["y"] == 0.5
    assert second["kind"] == "ReLU" and second["values"].shape == (0, 2)
    with pytest.raises(EOFError):
        read_message(stream)


def test_nothing_that_runs_code_can_be_sent() -> None:
    with pytest.raises(TypeError, match="can't be sent"):
        write_message(BytesIO(), {"path": Path("x")})
    with pytest.raises(ValueError, match="allow_pickle"):
        stream = BytesIO()
        write_message(stream, np.array([object()]))
        stream.seek(0)
        read_message(stream)


def test_it_answers_as_keras_does(trained: Path, bundle: Bundle, face: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    table = inside.layers(bundle, lambda *done: told.append(done))
    assert told[0] == (0, 2) and told[-2:] == [(1, 2), (2, 2)] and service.is_ready()
    model = explain.load_network(trained / "models" / "tiny")
    assert list(table) == explain.layer_table(model)
    assert np.array_equal(inside.kernels(bundle), explain.first_kernels(model))
    maps = inside.feature_maps(bundle, face)
    assert maps[-1].values == pytest.approx(model.predict(face[None, ..., None], verbose=0)[0], abs=1e-5)
    neuron = inside.neuron(bundle, face, 20, 20, 3)
    assert neuron.output == pytest.approx(neuron.expected, abs=1e-5) and neuron.normalisation
    assert inside.grad_cam(bundle, face, 3) == pytest.approx(explain.GradCam(model).heat(face, 3), abs=1e-4)


def test_a_network_is_described_without_keras_here() -> None:
    rows = inside.describe("tiny_cnn", 3, 32)
    assert rows[0].kind == "InputLayer" and rows[0].shape == (32, 32, 1)
    convolutions = [row for row in rows if row.kind == "Conv2D"]
    assert [row.shape for row in convolutions] == [(32, 32, 32), (16, 16, 64), (8, 8, 128)]
    assert [row.parameters for row in convolutions] == [9 * 32, 9 * 32 * 64, 9 * 64 * 128]
    assert rows[-1].shape == (3,) and rows[-1].parameters == 128 * 3 + 3
    with pytest.raises(UserError, match="An unexpected error ended it: ValueError: architecture"):
        inside.describe("nonsense", 3, 32)


def test_what_is_wrong_comes_back_as_a_sentence(bundle: Bundle, bundle_copy: Path, face: np.ndarray) -> None:
    inside.layers(bundle)
    process = helper()
    broken = load_bundle(bundle_copy)
    (bundle_copy / "model.weights.h5").unlink()
    with pytest.raises(UserError, match=r"model\.weights\.h5 is missing"):
        inside.layers(broken)
    with pytest.raises(UserError, match="An unexpected error ended it: IndexError"):
        inside.neuron(bundle, face, 500, 0, 0)
    inside.layers(bundle)
    assert helper() == process  # It lives on.


def test_a_bundle_that_was_replaced_is_read_again(bundle_copy: Path) -> None:
    before = inside.kernels(load_bundle(bundle_copy))
    model = explain.load_network(bundle_copy)
    first = next(layer for layer in model.layers if layer.weights)
    first.set_weights([2 * weights for weights in first.get_weights()])
    old = sha256(bundle_copy / "model.weights.h5")
    model.save_weights(bundle_copy / "model.weights.h5")
    card = (bundle_copy / "card.json").read_text(encoding="utf-8")
    card = card.replace(old, sha256(bundle_copy / "model.weights.h5"))
    (bundle_copy / "card.json").write_text(card, encoding="utf-8")
    assert inside.kernels(load_bundle(bundle_copy)) == pytest.approx(2 * before)


def test_many_at_once_wait_for_each_other(bundle: Bundle, face: np.ndarray) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda target: inside.grad_cam(bundle, face, target), [0, 1, 2, 3] * 2))
    assert all(answers[k] == pytest.approx(answers[k + 4], abs=1e-4) for k in range(4))


def test_an_answer_that_nobody_waits_for_is_dropped(bundle: Bundle, face: np.ndarray) -> None:
    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        inside.feature_maps(bundle, face, cancel)
    assert inside.layers(bundle)[-1].kind == "Dense"


def test_one_that_hangs_is_ended_and_the_next_request_starts_another(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.layers(bundle)
    hanging = helper()
    hanging.suspend()
    with pytest.raises(UserError, match="did not answer within 1 seconds"):
        service.ask("layers", {"bundle": str(bundle.path)}, seconds=1)
    assert not hanging.is_running() and not service.is_ready()
    monkeypatch.setattr(service, "IDLE_SECONDS", 0.5)
    assert inside.layers(bundle)
    with monkeypatch.context() as slow, pytest.raises(UserError, match="did not answer within 0 seconds"):
        slow.setattr(service, "_START_SECONDS", 0.01)
        service.stop()
        service.ask("layers", {"bundle": str(bundle.path)}, seconds=60)
    assert inside.layers(bundle)
    second = service._helper._process
    assert second.wait(20) == 0  # Nobody asked any more.
    monkeypatch.undo()
    assert not service.is_ready() and inside.layers(bundle)
    third = service._helper._process
    third.stdin.close()  # As when the server ends.
    assert third.wait(20) == 0


def test_one_that_keeps_dying_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    service.stop()
    monkeypatch.setenv("KERAS_BACKEND", "nothing")
    with pytest.raises(UserError, match=r"ended twice over this\. Its log is .*service\.log"):
        service.ask("layers", {"bundle": "x"})


def test_the_server_s_side_loads_no_keras() -> None:
    code = "import sys, emotion.cnn.inside; sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0
