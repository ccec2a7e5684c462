"""The report: what stands in it, that it stands alone, and that its command is right."""

import base64
import os
import re
import shlex
import shutil
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.cli.train import train
from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import MILD, SETTING_NAMES, Augmentation, TrainConfig
from emotion.cnn.report import train_command, write_report
from emotion.cnn.runs import Run, Status, create_run, list_runs
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.jobs import Cancelled

COMMENTS = 'I think <script>alert("1")</script> & sad is hard.\n슬픔이 어려워요.'


class Reader(HTMLParser):
    """Texts, tags and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"src", "href", "srcset", "action"}]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def run(trained: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    shutil.copytree(trained / "runs", home / "runs")
    found = list_runs()[0]
    found.write_notes(COMMENTS)
    return found


def read(path: Path) -> Reader:
    return Reader(path.read_text(encoding="utf-8"))


def test_it_stands_alone_and_shows_comments_as_they_are(run: Run, tmp_path: Path) -> None:
    page = read(write_report(run, tmp_path / "새 폴더" / "보고서.html"))
    assert COMMENTS in page.texts
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.addresses and all(address.startswith("data:image/png;base64,") for address in page.addresses)
    text = (tmp_path / "새 폴더" / "보고서.html").read_text(encoding="utf-8")
    assert "url(" not in text and "@import" not in text and "default-src 'none'" in text
    assert not re.search(r"https?://", text)


def test_its_figures_are_those_of_the_model(run: Run, trained: Path, tmp_path: Path) -> None:
    texts = read(write_report(run, tmp_path / "report.html")).texts
    images = open_dataset(trained / "datasets" / "sample").load("validation")
    shares = Classifier(load_bundle(trained / "models" / "tiny")).predict(images.pixels)
    wrong = shares.argmax(axis=1) != images.labels
    assert f"{wrong.sum()} of 21 images were answered wrong. These are the ones it was surest of." in texts
    assert any(text.startswith(f"{1 - wrong.mean():.1%} (95% interval") for text in texts)
    surest = max(float(share.max()) for share, bad in zip(shares, wrong, strict=True) if bad)
    assert next(text for text in texts if ", answered " in text).endswith(f"({surest:.0%})")
    fingerprint = open_dataset(trained / "datasets" / "sample").fingerprint()
    assert fingerprint["files_sha256"] in texts and "train 168, validation 21, test 21" in texts


def test_the_surest_mistake_is_shown_first(run: Run, trained: Path, tmp_path: Path) -> None:
    page = read(write_report(run, tmp_path / "report.html"))
    images = open_dataset(trained / "datasets" / "sample").load("validation")
    shares = Classifier(load_bundle(trained / "models" / "tiny")).predict(images.pixels)
    sureness = np.where(shares.argmax(axis=1) != images.labels, shares.max(axis=1), 0)
    data = base64.b64decode(page.addresses[0].partition(",")[2])
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    expected = cv2.resize(images.pixels[sureness.argmax()], (96, 96), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(shown, expected)


def test_a_run_without_a_model_says_so(run: Run, tmp_path: Path) -> None:
    run.write_status(Status("stopped"))
    texts = read(write_report(run, tmp_path / "report.html")).texts
    assert "The run has no model yet. Publish it to see what it answers." in texts
    assert "Learning curves" in texts and "Most confident mistakes" not in texts


def test_data_that_is_gone_is_said_too(run: Run, tmp_path: Path) -> None:
    config = run.path / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace("sample", "gone"), encoding="utf-8")
    texts = read(write_report(run, tmp_path / "report.html")).texts
    assert any("gone is no folder" in text for text in texts)
    assert "Most confident mistakes" not in texts


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    run = create_run(TrainConfig(str(tmp_path / "nothing"), "new"))
    texts = read(write_report(run, tmp_path / "report.html")).texts
    assert "Settings" in texts and "Learning curves" not in texts


def test_a_model_of_an_earlier_epoch_is_not_taken_for_the_best(run: Run, tmp_path: Path) -> None:
    os.utime(run.path / "best.weights.h5")  # It was trained longer, found better weights and was stopped.
    texts = read(write_report(run, tmp_path / "report.html")).texts
    assert "Best epoch" in texts and "Accuracy of the model" not in texts
    assert any("has had a better epoch since its model was made" in text for text in texts)


def test_in_korean(run: Run, tmp_path: Path) -> None:
    page = read(write_report(run, tmp_path / "report.html", "ko"))
    assert {"훈련", "검증", "손실 (낮을수록 좋아요)", "놀람"} <= set(page.texts)
    assert '<html lang="ko">' in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_cancelled_leaves_nothing(run: Run, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_report(run, tmp_path / "report.html", progress=cancel)
    assert not (tmp_path / "report.html").exists()


def test_a_place_that_can_t_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="can't be written"):
        write_report(run, tmp_path / "file" / "report.html")


def test_settings_have_names_and_words(tmp_path: Path) -> None:
    config = TrainConfig(str(tmp_path), "words", class_weights=True, ema=0.99, distribute="mirrored")
    run = create_run(config)
    for language, expected in (("en", ["Class weights", "yes"]), ("ko", ["클래스 가중치", "예"])):
        texts = read(write_report(run, tmp_path / f"{language}.html", language)).texts
        place = texts.index(expected[0])
        assert [text for text in texts[place : place + 3] if text.strip()][:2] == expected
        assert not {"True", "class_weights", "ema", "distribute"} & set(texts)
    assert {field.name for field in fields(config)} - {"name"} == set(SETTING_NAMES)


def test_values_have_names_too(tmp_path: Path) -> None:
    config = TrainConfig(str(tmp_path), "words", schedule="cosine", optimiser="adamw", augmentation=MILD)
    texts = read(write_report(create_run(config), tmp_path / "report.html", "ko")).texts
    for setting, value in (
        ("학습률 변화", "코사인"),
        ("최적화 방법", "AdamW"),
        ("데이터 증강", "좌우 뒤집기, 옮기기 "),
    ):
        assert texts[texts.index(setting) + 1].startswith(value)


CONFIGS = [
    {},
    {"epochs": 3, "batch_size": 128, "learning_rate": 1e-3, "schedule": "cosine", "seed": 7, "size": 64},
    {"architecture": "compact_resnet", "augmentation": MILD, "class_weights": True, "label_smoothing": 0.1},
    {"augmentation": Augmentation(flip=True, mixup=0.2), "start_from": "내 모델", "freeze": True, "task": "my task"},
]


@pytest.mark.parametrize("settings", CONFIGS)
def test_the_command_asks_for_the_same_settings(tmp_path: Path, settings: dict) -> None:
    config = TrainConfig(str(tmp_path / "얼굴 1"), "작은 모델", **settings)
    words = shlex.split(train_command(config))
    assert words[:4] == ["python", "-m", "emotion", "train"]
    said = train.make_context("train", words[4:]).params
    assert TrainConfig(**{name: said[name] for name in vars(config)}) == config


def test_the_command_hides_the_person_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    started = {
        "unlabelled": str(tmp_path / "more"),
        "start_from": str(tmp_path / "runs" / "1"),
        "teachers": f"emotion, {tmp_path / 'models' / '내 모델'}",
    }
    config = TrainConfig(str(tmp_path / "faces"), "x", **started)
    command = train_command(config)
    assert '--data "~/faces"' in command and '--from "~/runs/1"' in command
    assert '--teachers "emotion,~/models/내 모델"' in command and '--unlabelled "~/more"' in command
    page = write_report(create_run(config), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "~/faces is no folder" in page and str(tmp_path) not in page
