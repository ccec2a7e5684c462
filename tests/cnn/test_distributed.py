"""Shared training: two processes on this machine's own network address, and two devices of one process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.batches import Batches
from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, create_run
from emotion.cnn.workers import place
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from tests.conftest import emotion_command, write_faces

# Trains as the command line does, and keeps what only this process knows: its images, its weights, its averages.
WORKER = """
import sys, json
from pathlib import Path
import numpy as np
from emotion.cnn.runs import Run
from emotion.cnn.workers import take_over
from emotion.cnn.distributed import _Loop
from emotion.cnn.engine import engine_for
from emotion.cnn.training import train

run, out = Run(Path(sys.argv[1])), Path(sys.argv[2])
engine, kept = engine_for("multiworker"), {"rows": [], "before": [], "after": []}
average, fit = _Loop.average_statistics, engine.fit

def watched_fit(model, batches, **settings):
    kept["rows"] = [batches.rows(index).tolist() for index in range(len(batches))]
    fit(model, batches, **settings)
    kept["model"] = model

def watched_average(loop):
    statistics = lambda: [v.value.numpy().tolist() for v in loop.model.non_trainable_variables if "moving" in v.path]
    kept["before"].append(statistics())
    average(loop)
    kept["after"].append(statistics())

engine.fit, _Loop.average_statistics = watched_fit, watched_average
train(run, take_over(run), None, engine)
model = kept.pop("model")
np.savez(out, *[v.value.numpy() for v in model.trainable_variables])
out.with_suffix(".json").write_text(json.dumps(kept), encoding="utf-8")
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def tf_config(ports: list[int], index: int) -> str:
    hosts = [f"127.0.0.1:{port}" for port in ports]
    return json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}})


def test_two_machines_share_the_images_and_keep_the_same_weights(home: Path, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", {"train": {"a": 21, "b": 20}, "validation": {"a": 4, "b": 4}})
    settings = {"epochs": 2, "batch_size": 16, "size": 16, "distribute": "multiworker", "precision": "float32"}
    config = TrainConfig(str(data), "shared", architecture="tiny_cnn", **settings)
    runs = [create_run(config, folder=tmp_path / f"machine {number}") for number in range(2)]
    ports = free_ports(2)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(run.path), str(tmp_path / f"kept-{number}.npz")],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CONFIG": tf_config(ports, number)},
            stderr=subprocess.PIPE,
        )
        for number, run in enumerate(runs)
    ]
    said = [worker.communicate(timeout=280)[1].decode("utf-8", "replace") for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    kept = [json.loads((tmp_path / f"kept-{number}.json").read_text(encoding="utf-8")) for number in range(2)]
    shards = [{row for batch in one["rows"] for row in batch} for one in kept]
    assert not shards[0] & shards[1] and shards[0] | shards[1] == set(range(41))
    weights = [list(np.load(tmp_path / f"kept-{number}.npz").values()) for number in range(2)]
    assert len(weights[0]) == 11 and all(map(np.array_equal, *weights))
    # Each gathered averages of its own, and both go on with the mean of the two, in every epoch.
    assert len(kept[0]["after"]) == 2
    for epoch in range(2):
        for mine, other, *after in zip(
            *(one[when][epoch] for when in ("before", "after") for one in kept), strict=True
        ):
            assert not np.allclose(mine, other)
            assert after[0] == after[1] and np.allclose(after[0], np.add(mine, other) / 2, rtol=1e-5)
    assert runs[0].metrics()[-1]["val_loss"] == runs[1].metrics()[-1]["val_loss"]
    assert runs[0].confusions()[2].sum() == 8


def test_two_devices_of_one_machine_train_to_a_bundle(home: Path, tmp_path: Path) -> None:
    """``mirrored`` on two devices, both made of this processor."""
    data = write_faces(tmp_path / "data", {"train": {"a": 16, "b": 16}, "validation": {"a": 4, "b": 4}})
    code = (
        "import sys; import tensorflow as tf; cpu = tf.config.list_physical_devices('CPU')[0]; "
        "tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2); "
        "import emotion.cnn.distributed as d; made = tf.distribute.MirroredStrategy; "
        "tf.distribute.MirroredStrategy = lambda: made(['/cpu:0', '/cpu:1']); "
        "from emotion.cli import main; main(sys.argv[1:])"
    )
    arguments = ["train", "--data", str(data), "--network", "tiny_cnn", "--size", "16", "--epochs", "2"]
    arguments += ["--batch-size", "16", "--precision", "float32", "--distribute", "mirrored", "--name", "m"]
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=REPOSITORY, check=True, timeout=280)
    run = Run(next((home / "runs").glob("[!.]*")))
    assert run.status().state == "finished" and [row["epoch"] for row in run.metrics()] == [1, 2]
    assert run.confusions()[2].sum() == 8  # Each device counted its part, and the parts were added up.
    assert (home / "models" / "m" / "card.json").exists()


def test_a_batch_is_dealt_out_and_none_is_left_empty() -> None:
    pixels, targets = np.zeros((9, 1, 1), np.uint8), np.zeros((9, 2), np.float32)
    parts = [Batches(pixels, targets, 4, seed=1, shard=(number, 2)) for number in range(2)]
    dealt = [[part.rows(index).tolist() for index in range(len(part))] for part in parts]
    assert [len(rows) for part in dealt for rows in part] == [2, 2, 2, 2]  # The last batch has one image for two.
    assert len({row for part in dealt for rows in part for row in rows}) == 8


@pytest.mark.parametrize("setting", [None, "{", "[]", '{"cluster": {}}', '{"cluster": {"worker": ["a"]}}'])
def test_without_a_cluster_it_says_what_is_missing(setting: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if setting is not None:
        monkeypatch.setenv("TF_CONFIG", setting)
    with pytest.raises(UserError, match="TF_CONFIG"):
        place()


def test_the_command_line_says_so_too(home: Path, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", {"train": {"a": 2, "b": 2}, "validation": {"a": 1, "b": 1}})
    done = emotion_command(home, "train", "--data", data, "--distribute", "multiworker", check=False)
    assert done.returncode == 2 and "TF_CONFIG" in done.stderr and "Traceback" not in done.stderr
