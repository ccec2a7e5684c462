"""Export and import on the page: real files, in the order a person meets them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.bundle import Bundle, find_bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.export import load_network
from emotion.cnn.formats import Proof
from emotion.dataset.importers.fer_csv import LABELS
from emotion.errors import UserError
from emotion.jobs import Progress
from emotion.labels import EMOTIONS
from tests.cnn.old_files import WEIGHTS, deck_layers, write_network, write_weights
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import open_page, shown

FOLDERS = [label.key for label in EMOTIONS]
SMALL = deck_layers(filters=(4, 8), units=(16,))
Files = dict[str, bytes]


def open_files_view() -> AppTest:
    page = open_page("evaluation")
    page.session_state["evaluation.view"] = "files"
    page.run()
    assert not page.exception
    return page


def small_weights() -> list[np.ndarray]:
    """Weights of the small network, in Keras' order, from its layers' shapes alone."""
    random, channels, side, flat = np.random.default_rng(0), 1, 48, 0
    arrays: list[np.ndarray] = []
    for layer in SMALL:
        kind, config = layer["class_name"], layer["config"]
        if kind == "Conv2D":
            size, count = config["kernel_size"][0], config["filters"]
            arrays += [random.normal(0, 0.2, (size, size, channels, count)), np.zeros(count)]
            channels = count
        elif kind == "MaxPooling2D":
            side //= 2
        elif kind == "Dense":
            flat = flat or channels * side * side
            arrays += [random.normal(0, 0.1, (flat, config["units"])), np.zeros(config["units"])]
            flat = channels = config["units"]
        elif kind == "BatchNormalization":
            arrays += [np.ones(channels), np.zeros(channels), np.zeros(channels), np.ones(channels)]
    assert len(arrays) == sum(len(WEIGHTS.get(layer["class_name"], ())) for layer in SMALL)
    return arrays


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The course's two files as Keras 2 wrote them."""
    folder = tmp_path_factory.mktemp("old")
    network = write_network(folder / "model.json", SMALL)
    weights = write_weights(folder / "model_weights.h5", SMALL, small_weights())
    return {path.name: path.read_bytes() for path in (network, weights)}


@pytest.fixture(scope="module")
def tiny(trained: Path) -> Files:
    return {path.name: path.read_bytes() for path in (trained / "models" / "tiny").iterdir()}


def zipped(files: Files, top: str = "tiny/") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return stream.getvalue()


def give_zip(page: AppTest, data: bytes, name: str = "x.zip") -> AppTest:
    edition = page.session_state["evaluation.import.edition"]
    page.file_uploader(key=f"evaluation.import.zip.{edition}").set_value((name, data, "application/zip")).run()
    page.button(key="evaluation.import").click().run()
    return finish_jobs(page, 120)


def open_files(files: Files) -> AppTest:
    page = open_files_view()
    page.button_group(key="evaluation.import.way").set_value("files").run()
    return give_files(page, files)


def give_files(page: AppTest, files: Files) -> AppTest:
    edition = page.session_state["evaluation.import.edition"]
    box = page.file_uploader(key=f"evaluation.import.files.{edition}")
    box.set_value([(name, data, "application/octet-stream") for name, data in files.items()]).run()
    assert not page.exception
    return page


def press(page: AppTest) -> AppTest:
    page.button(key="evaluation.import").click().run()
    return finish_jobs(page, 120)


def test_a_model_in_one_file_comes_in(home: Path, bundle_copy: Path, tmp_path: Path) -> None:
    load_network(load_bundle(bundle_copy)).save(tmp_path / "one.keras")
    page = press(open_files({"내 모델.keras": (tmp_path / "one.keras").read_bytes()}))
    assert not page.error, page.error
    faces = np.random.default_rng(0).integers(0, 256, (4, 48, 48), np.uint8)
    expected = Classifier(load_bundle(bundle_copy)).predict(faces)
    assert Classifier(find_bundle("내 모델")).predict(faces) == pytest.approx(expected, abs=1e-6)


def test_two_outputs_of_one_name_are_refused_before_anything_begins(home: Path, old: Files) -> None:
    page = open_files(old)
    page.button_group(key="evaluation.import.preset").set_value("own").run()
    page.text_input(key="evaluation.import.typed").set_value("happy, sad, happy").run()
    assert "are called happy" in page.error[0].value and page.button(key="evaluation.import").disabled
    page.text_input(key="evaluation.import.typed").set_value("happy, sad").run()
    press(page)
    assert "2 classes were named, but the network has 7 outputs" in page.error[0].value
    page.text_input(key="evaluation.import.typed").set_value(", ".join(FOLDERS)).run()
    assert not page.error  # That was about the names before.


def test_no_format_no_export(home: Path) -> None:
    page = open_files_view()
    for box in list(page.checkbox):
        box.uncheck()
    page.run()
    assert len(page.checkbox) == 5 and page.button(key="evaluation.export").disabled and not page.exception


def test_the_course_s_old_files_come_in_with_their_order_and_go_out_again(home: Path, old: Files) -> None:
    page = open_files(old)
    page.button_group(key="evaluation.import.preset").set_value("csv").run()
    page.text_input(key="evaluation.import.name").set_value("내 옛 모델").run()
    press(page)
    assert not page.error, page.error
    bundle = find_bundle("내 옛 모델")
    assert list(bundle.card.classes) == list(LABELS) != FOLDERS
    assert "divide by 255" in bundle.card.notes
    faces = np.random.default_rng(0).integers(0, 256, (4, 48, 48), np.uint8)
    np.testing.assert_allclose(Classifier(bundle).predict(faces).sum(axis=1), 1, atol=1e-3)
    assert page.session_state["app.published"] == bundle.path.name == page.selectbox(key="model.bundle").value[-6:]

    zip_file = exported(page, home, bundle)
    page.button_group(key="evaluation.import.way").set_value("zip").run()
    give_zip(page, zip_file.read_bytes())
    assert "“내 옛 모델-2” is here" in shown(page.success[-1].value) and not page.error
    assert page.session_state["app.published"] == "내 옛 모델-2"
    again = home / "models" / "내 옛 모델-2"
    assert load_bundle(again).card.files == bundle.card.files
    page.button(key="evaluation.import.measure").click().run()
    assert page.selectbox(key="model.bundle").value == str(again.resolve())


def exported(page: AppTest, home: Path, bundle: Bundle) -> Path:
    """The zip of the chosen bundle, after a look at what the page says of it and at what is inside."""
    for key in ("keras", "tflite", "onnx"):
        page.checkbox(key=f"evaluation.export.{key}").uncheck().run()
    page.button(key="evaluation.export").click().run()
    finish_jobs(page, 120)
    assert "On 256 faces no probability differs by more than" in page.success[0].value
    table = page.dataframe[0].value
    assert table["File"].tolist() == ["model_weights.h5", "model.tflite"]
    (file,) = (home / "cache" / "exports").iterdir()
    with zipfile.ZipFile(file) as archive:
        inside = {Path(name).name: archive.read(name) for name in archive.namelist()}
    originals = {path.name: path.read_bytes() for path in bundle.path.iterdir()}
    assert set(inside) == {*originals, "model_weights.h5", "proofs.json", "README.md"}
    assert all(inside[name] == data for name, data in originals.items())
    sizes = {proof["file"]: proof["bytes"] for proof in json.loads(inside["proofs.json"])}
    assert sizes == {name: len(inside[name]) for name in ("model_weights.h5", "model.tflite")}
    return file


def test_an_export_that_was_cleared_away_is_made_again(
    home: Path, bundle_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(bundle: Bundle, file: Path, *_: object) -> tuple[Proof, ...]:
        file.write_bytes((bundle.path / "card.json").read_bytes())
        return (Proof("keras", "model.keras", 1, 0.0, 256),)

    monkeypatch.setattr("emotion.ui.evaluation.exports.export_elsewhere", export)
    page = open_files_view()
    page.selectbox(key="model.bundle").set_value(str(bundle_copy.resolve())).run()
    page.button(key="evaluation.export").click().run()
    assert page.get("download_button")
    for file in (home / "cache" / "exports").iterdir():
        file.unlink()
    page.run()
    assert any("Export again" in text.value for text in page.info) and not page.get("download_button")
    page.button(key="evaluation.export").click().run()
    assert page.get("download_button") and not page.exception
    # The same network under another card has not been exported yet.
    data = with_card({path.name: path.read_bytes() for path in bundle_copy.iterdir()}, classes=FOLDERS[::-1])
    (bundle_copy / "card.json").write_bytes(data["card.json"])
    page.run()
    assert not page.get("download_button") and not page.exception


def test_the_order_is_arranged_by_hand(home: Path) -> None:
    page = open_files_view()
    page.button_group(key="evaluation.import.way").set_value("files").run()
    key = "evaluation.import.classes"
    page.button(key="evaluation.import.move.0.1").click().run()
    assert page.session_state[key] == ["disgust", "angry", *FOLDERS[2:]]
    assert page.button(key="evaluation.import.move.0.-1").disabled
    page.button_group(key="evaluation.import.preset").set_value("own").run()
    assert page.text_input(key="evaluation.import.typed").value.startswith("disgust, angry")
    page.text_input(key="evaluation.import.typed").set_value("행복, <b>, sad,").run()
    assert page.session_state[key] == ["행복", "<b>", "sad"] and not page.exception
    page.button(key="evaluation.import.move.2.-1").click().run()
    assert page.text_input(key="evaluation.import.typed").value == "행복, sad, <b>"
    page.button_group(key="evaluation.import.preset").set_value("csv").run()
    assert page.session_state[key] == list(LABELS)


def with_card(files: Files, **changes: object) -> Files:
    return {**files, "card.json": json.dumps({**json.loads(files["card.json"]), **changes}).encode()}


BAD_ZIPS: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "no zip": (lambda files: b"PK nothing", "x.zip is cut off or damaged"),
    "no card": (lambda files: zipped({"model.json": files["model.json"]}), "holds 0 model bundles"),
    "climbs out": (lambda files: zipped({**files, "../../evil": b"x"}), "points out of the folder"),
    "class count": (lambda files: zipped(with_card(files, classes=["a", "b"])), "the card names 2 classes"),
    "changed": (lambda files: zipped({**files, "model.tflite": b"x"}), "another SHA-256"),
}


def test_bad_zips_get_a_sentence_and_the_next_good_one_comes_in(home: Path, tiny: Files) -> None:
    page = open_files_view()
    for case, (spoil, says) in BAD_ZIPS.items():
        give_zip(page, spoil(tiny))
        assert [says in shown(error.value) for error in page.error] == [True], case
        assert page.session_state["evaluation.import.edition"] == 0, case  # The file stays in its box.
    assert not (home / "models").exists() or not list((home / "models").iterdir())
    give_zip(page, zipped(tiny))
    assert not page.error and "“tiny” is here" in shown(page.success[-1].value)


def test_files_that_do_not_fit_get_a_sentence(home: Path, old: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, progress: Progress) -> None:
        raise UserError("{found}: too few", found=", ".join(given[2]))  # type: ignore[arg-type]

    # What the other process really says: tests/cnn/test_elsewhere.py and test_model_files.py.
    monkeypatch.setattr("emotion.ui.evaluation.imports.import_elsewhere", refuse)
    page = open_files(old)
    page.button_group(key="evaluation.import.preset").set_value("own").run()
    page.text_input(key="evaluation.import.typed").set_value("angry, happy").run()
    press(page)
    assert [shown(error.value) for error in page.error] == ["angry, happy: too few"]
    press(give_files(page, {"model.json": old["model.json"]}))
    assert ["Expected two files" in shown(error.value) for error in page.error] == [True]


def test_what_went_wrong_is_forgotten_once_the_reader_goes_on(home: Path) -> None:
    page = open_files_view()
    give_zip(page, b"no zip")
    page.run()
    assert "x.zip is no zip file. Choose the .zip that “Export” made" in shown(page.error[0].value)
    page.button_group(key="evaluation.import.way").set_value("files").run()
    assert not page.error
    page.text_input(key="evaluation.import.name").set_value("mine").run()
    page.switch_page("pages/home.py").run()
    page.switch_page("pages/evaluation.py").run()
    assert page.text_input(key="evaluation.import.name").value == "mine"
