"""Training by real worker processes: finish, stop, kill, resume."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cnn.architectures import build
from emotion.cnn.bundle import load_bundle
from emotion.cnn.config import STRONG, TrainConfig, task_of
from emotion.cnn.machine import gpu_has_bfloat16, has_bfloat16, set_up_tensorflow
from emotion.cnn.precision import precision_of
from emotion.cnn.runs import Run, Status, active_run, create_run, list_runs, open_run
from emotion.cnn.training import train
from emotion.cnn.workers import add_epochs, resume_run, take_over
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes
from emotion.errors import UserError
from emotion.files import is_plain_name, plain_name
from emotion.homes import REPOSITORY
from tests.conftest import is_over, wait_until, write_faces


@pytest.fixture
def small_run(home: Path, tmp_path: Path) -> Run:
    """A run of many short epochs on noise that was stopped before it began."""
    data = write_faces(tmp_path / "data", {"train": {"a": 24, "b": 24}, "validation": {"a": 4, "b": 4}})
    return stopped(TrainConfig(str(data), "small", architecture="tiny_cnn", size=16, epochs=1000, batch_size=8, seed=3))


def stopped(config: TrainConfig) -> Run:
    """A run that was stopped before it began."""
    run = create_run(config)
    run.write_status(Status("stopped", epochs=config.epochs))
    return run


def test_a_finished_run_left_all_its_files(trained: Path) -> None:
    run = Run(next((trained / "runs").iterdir()))
    status = run.status()
    assert status.state == "finished" and status.fraction == 1 and Path(status.bundle).name == "tiny"
    assert [row["epoch"] for row in run.metrics()] == [1, 2]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(run.metrics()[0])
    assert run.metrics()[0]["learning_rate"] == pytest.approx(5e-4) and run.metrics()[0]["seconds"] > 0
    assert run.metrics()[1]["images_per_second"] > 1
    confusions = run.confusions()
    assert list(confusions) == [1, 2] and confusions[2].shape == (7, 7)
    counts = open_dataset(trained / "datasets" / "sample").counts()["validation"]
    for row in run.metrics():
        confusion = confusions[int(row["epoch"])]
        assert np.array_equal(confusion.sum(axis=1), counts)
        assert np.trace(confusion) / confusion.sum() == pytest.approx(row["val_accuracy"])
    present = {path.name for path in run.path.iterdir()}
    assert {
        "config.json",
        "status.json",
        "metrics.csv",
        "progress.jsonl",
        "confusion.jsonl",
        "best.weights.h5",
        "state",
        "tensorboard",
    } <= present
    assert sorted(path.name for path in (run.path / "state").iterdir()) == ["epoch-0001", "epoch-0002"]
    assert not [path for path in run.path.rglob("*") if path.name.startswith(".")], "a temporary file was left"
    points = [point["epoch"] for point in run.progress()]
    assert points == sorted(points) and points[0] > 0 and points[-1] <= 2


def test_killed_at_once_resumed_without_gap_or_repetition(small_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    course = stopped(TrainConfig(small_run.config().data, "course", epochs=4, batch_size=8))
    resume_run(course)
    wait_until(course, lambda run: run.status().epoch >= 1 and run.status().step >= 1)
    rows = course.metrics()
    psutil.Process(course.status().pid).kill()
    wait_until(course, is_over, 5)
    assert course.status().state == "interrupted"
    assert active_run() is None
    kept = len(course.metrics())
    assert kept >= len(rows)
    resume_run(course)
    wait_until(course, is_over)
    assert course.status().state == "finished", course.log_tail(40)
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        assert "oneDNN custom operations are on" in course.log_tail(1000)  # By itself only on the newer processors.
    assert [row["epoch"] for row in course.metrics()] == [1, 2, 3, 4]
    assert course.metrics()[: len(rows)] == rows
    # The course's network has become a bundle, without its optimizer.
    bundle = load_bundle(course.status().bundle)
    assert (bundle.card.architecture, bundle.card.parameters) == ("deck_cnn", 4_478_727 - 5 * 513)
    assert (bundle.path / "model.weights.h5").stat().st_size < 4_478_727 * 4 * 1.05
    points = [point["epoch"] for point in course.progress()]
    assert points == sorted(points)  # What the killed worker noted of its last epoch is gone.


def test_killed_and_resumed_learns_what_an_uninterrupted_run_learns(
    small_run: Run, train_here: Callable[[TrainConfig], Run]
) -> None:
    settings = {"epochs": 4, "augmentation": STRONG, "precision": "float32", "ema": 0.9}
    config = replace(small_run.config(), schedule="plateau", **settings)
    halves = stopped(config)
    resume_run(halves)
    wait_until(halves, lambda run: run.status().epoch >= 2)
    psutil.Process(halves.status().pid).kill()
    wait_until(halves, is_over, 5)
    assert 2 <= len(halves.metrics()) < 4
    resume_run(halves)
    wait_until(halves, is_over)
    whole = train_here(config)
    assert halves.status().state == whole.status().state == "finished", halves.log_tail(40)
    for one, other in zip(halves.metrics(), whole.metrics(), strict=True):
        for row in (one, other):
            del row["seconds"], row["images_per_second"]
        assert one == pytest.approx(other, rel=1e-4)  # Threads add up in another order each time.
    assert all(map(np.array_equal, halves.confusions().values(), whole.confusions().values()))


def test_stop_finishes_the_batch_and_writes_no_partial_row(small_run: Run) -> None:
    resume_run(small_run)
    wait_until(small_run, lambda run: run.status().epoch >= 1)
    assert active_run() == small_run
    small_run.request_stop()
    wait_until(small_run, is_over)
    assert small_run.status().state == "stopped"
    finished = len(small_run.metrics())
    assert 1 <= finished < 1000
    assert not small_run.stop_requested
    # The row's state is the one that a resume starts from.
    newest = sorted((small_run.path / "state").iterdir())[-1]
    assert len(json.loads((newest / "state.json").read_text(encoding="utf-8"))["rows"]) == finished


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_polite_signal_stops_too(small_run: Run) -> None:
    resume_run(small_run)
    wait_until(small_run, lambda run: run.status().epoch >= 1)
    os.kill(small_run.status().pid, signal.SIGTERM)
    wait_until(small_run, is_over)
    assert small_run.status().state == "stopped"


@pytest.mark.usefixtures("signals")
def test_a_user_s_mistake_fails_with_its_sentence(home: Path, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", {"train": {"only": 4}, "validation": {"only": 2}})
    run = create_run(TrainConfig(str(data), "one", precision="float32"))
    done = CliRunner().invoke(main, ["train", "--resume", str(run.path)])
    assert done.exit_code == 2 and done.stderr.count("\n") == 1
    assert run.status().state == "failed"
    assert "one class only (only)" in str(run.status().problem)


def test_bfloat16_only_where_the_processor_has_it(tmp_path: Path) -> None:
    for flags, expected in (("fpu avx512f", False), ("fpu avx512_bf16", True), ("amx_bf16 fpu", True)):
        (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n", encoding="utf-8")
        assert has_bfloat16(tmp_path / "cpuinfo") is expected
    assert not has_bfloat16(tmp_path / "missing")
    assert precision_of(TrainConfig("d", "n", precision="float32")) == "float32"


def test_what_the_environment_says_of_tensorflow_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    set_up_tensorflow()
    assert (os.environ["TF_ENABLE_ONEDNN_OPTS"], os.environ["TF_CPP_MIN_LOG_LEVEL"]) == ("0", "2")


def test_keras_comes_without_its_adapters_which_can_be_had_afterwards() -> None:
    code = (
        "import sys; from emotion.cnn.machine import import_keras; import_keras(); "
        "assert 'keras' in sys.modules and not {'sklearn', 'pandas'} & set(sys.modules), 'adapters'; "
        "import numpy as np, pandas, sklearn.metrics, keras; model = keras.Sequential([keras.layers.Dense(2)]); "
        "assert model.predict(np.zeros((3, 4)), verbose=0).shape == (3, 2)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for nvidia-smi")
def test_bfloat16_only_where_every_gpu_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    for answer, expected in (
        ("8.0\n9.0", True),
        ("7.5", False),
        ("9.0\n7.5", False),
        ("no devices", False),
        ("", False),
    ):
        program.write_text(f"#!/bin/sh\nprintf '{answer}'\n", encoding="utf-8")
        program.chmod(0o755)
        assert gpu_has_bfloat16(str(program)) is expected
    assert not gpu_has_bfloat16(None)
    program.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    monkeypatch.setattr("emotion.cnn.machine._SECONDS", 0.2)
    assert not gpu_has_bfloat16(str(program))  # A driver that hangs.


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "con", "LPT1.txt", "end.", "end ", "가" * 40, "a\tb"])
def test_names_that_some_system_would_refuse(name: str) -> None:
    assert not is_plain_name(name)
    assert plain_name(name) == "" or is_plain_name(plain_name(name))


def test_the_task_is_emotion_or_the_dataset_s_name(tmp_path: Path) -> None:
    emotions = write_faces(tmp_path / "faces", {"train": {"happy": 1, "sad": 1}})
    assert task_of(open_dataset(emotions)) == "emotion"
    assert task_of(open_dataset(write_faces(tmp_path / "glasses", {"train": {"no": 1, "yes": 1}}))) == "glasses"


def test_runs_are_listed_newest_first_and_found_by_name(small_run: Run, home: Path) -> None:
    second = create_run(small_run.config())
    assert second.path != small_run.path
    assert list_runs() == [second, small_run]
    assert open_run(small_run.name) == small_run
    with pytest.raises(UserError, match="is no run folder"):
        open_run("nothing")


def test_a_run_that_never_started_reads_as_interrupted_after_a_minute(small_run: Run) -> None:
    small_run.write_status(Status("queued"))
    assert small_run.status().state == "queued"
    status = json.loads((small_run.path / "status.json").read_text(encoding="utf-8"))
    status["heartbeat"] -= 61
    (small_run.path / "status.json").write_text(json.dumps(status), encoding="utf-8")
    assert small_run.status().state == "interrupted"


DAMAGE = {
    "config.json": ["{", "[]", "{}", '{"data": "d"}'],
    "status.json": ["{", "[]", '{"state": "happy"}', '{"state": "running", "pid": "x"}', '{"pid": 1}'],
    "metrics.csv": ["epoch,loss\n1,abc\n", "epoch,loss\n1\n", "loss\n1\n"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in DAMAGE.items() for text in texts])
def test_a_damaged_run_folder_says_which_file(small_run: Run, name: str, text: str) -> None:
    (small_run.path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(name)):
        {"config.json": small_run.config, "status.json": small_run.status, "metrics.csv": small_run.metrics}[name]()


def test_half_a_line_of_progress_is_not_read(small_run: Run) -> None:
    lines = '{"epoch": 0.5, "loss": 1.0}\n[1]\n{"epoch": "x"}\n{"epoch": 0.'
    (small_run.path / "progress.jsonl").write_text(lines, encoding="utf-8")
    assert small_run.progress() == [{"epoch": 0.5, "loss": 1.0}]


def test_everything_on_at_once(quick: TrainConfig, train_here: Callable[[TrainConfig], Run]) -> None:
    run = train_here(
        replace(
            quick, epochs=2, optimiser="adamw", weight_decay=0.01, schedule="cosine", augmentation=STRONG, ema=0.9,
            class_weights=True, label_smoothing=0.1, patience=5, images=12,
        )
    )  # fmt: skip
    assert run.status().state == "finished" and len(run.metrics()) == 2
    assert run.setting()["images"] == {"train": 12, "validation": 8}
    assert run.metrics()[-1]["learning_rate"] == pytest.approx(0, abs=1e-9)


def test_frozen_only_the_last_layer_learns(quick: TrainConfig, train_here: Callable[[TrainConfig], Run]) -> None:
    def weights(run: Run) -> list[np.ndarray]:
        model = build("tiny_cnn", 2, 16)
        model.load_weights(run.path / "best.weights.h5")
        return list(model.get_weights())

    first = train_here(quick)
    second = train_here(replace(quick, start_from=str(first.path), freeze=True, learning_rate=0.01))
    before, after = weights(first), weights(second)
    assert all(map(np.array_equal, before[:-2], after[:-2])) and not np.array_equal(before[-2], after[-2])


def test_classes_that_changed_between_stop_and_resume_are_refused(
    quick: TrainConfig, train_here: Callable[[TrainConfig], Run]
) -> None:
    run = train_here(quick)
    write_faces(Path(quick.data), {"train": {"c": 4}})
    add_epochs(run, 1)
    with pytest.raises(UserError, match=r"classes a, b, but .* now has a, b, c"):
        train(run, take_over(run), None)
    assert len(run.metrics()) == 1 and run.has_weights


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a file's size")
def test_a_full_disk_is_one_clear_line(home: Path, quick: TrainConfig) -> None:
    run = create_run(quick)
    # No file may grow beyond 200 kB, which is what a full disk looks like; weights with their optimizer take 1.2 MB.
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); import emotion.cli; "
        "import emotion.cnn.training; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        "emotion.cli.main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, "train", "--resume", str(run.path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "can't be written" in done.stderr.splitlines()[-1]
    assert run.status().state == "failed" and "can't be written" in str(run.status().problem)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_trains_two_steps(backend: str, quick: TrainConfig) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    run = create_run(quick)
    code = (
        "import sys; from pathlib import Path; from emotion.cnn.runs import Run; from emotion.cnn.workers import "
        "take_over; from emotion.cnn.training import train; run = Run(Path(sys.argv[1])); "
        "train(run, take_over(run), None)"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", code, str(run.path)], cwd=REPOSITORY, env=environment, check=True)
    assert run.status().state == "finished" and len(run.metrics()) == 1


def test_a_run_by_votes_is_validated_by_votes(
    train_here: Callable[[TrainConfig], Run], home: Path, tmp_path: Path
) -> None:
    data = write_faces(tmp_path / "data", {split: {"happy": 8, "sad": 8} for split in ("train", "validation")})
    row = ",".join(str(10 * (column == "sadness")) for column in COLUMNS)  # All ten saw sadness in every face.
    files = [f"{path},{row}" for path in open_dataset(data).everything.paths]
    (tmp_path / "votes.csv").write_text("\n".join([",".join(["file", *COLUMNS]), *files]), encoding="utf-8")
    attach_votes(open_dataset(data), tmp_path / "votes.csv")
    config = TrainConfig(str(data), "by votes", architecture="tiny_cnn", size=16, epochs=1, batch_size=8)
    for share, counts in ((0.8, [0, 16]), (0.2, [8, 8])):
        confusion = train_here(replace(config, votes=share)).confusions()[1]
        assert confusion.sum(axis=1).tolist() == counts
