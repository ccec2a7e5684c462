"""Every page, in both languages, empty and with data: it shows its heading and widgets, and never an exception."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.runs import list_runs
from emotion.homes import REPOSITORY
from tests.conftest import write_faces

# Page → (heading in English, in Korean, keys of widgets that are there once there are data and a model).
PAGES = {
    "home": ("Emotion Lab", "Emotion Lab", []),
    "dataset": ("See the data", "데이터 살펴보기", ["dataset.split", "dataset.shuffle"]),
    "training": (
        "Train the network",
        "신경망 훈련하기",
        ["training.epochs", "training.batch", "training.rate", "training.start"],
    ),
    "evaluation": ("Test one picture", "사진 한 장으로 시험하기", ["model.bundle", "evaluation.source"]),
    "haar": ("How a face is found", "얼굴은 어떻게 찾을까요?", []),
    "live": ("Live", "실시간", []),
}


@pytest.fixture
def full_home(trained: Path, home: Path) -> Path:
    """A home with a dataset, a finished run and its bundle, to be changed."""
    return Path(shutil.copytree(trained, home))


def open_page(page: str, language: str = "en") -> AppTest:
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.session_state["app.language"] = language
    app.run()
    return app if page == "home" else app.switch_page(f"pages/{page}.py").run()


def keys(app: AppTest) -> set[str]:
    kinds = (app.button, app.slider, app.select_slider, app.selectbox, app.button_group, app.text_input)
    return {widget.key for kind in kinds for widget in kind}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_nothing_at_hand(page: str, language: str, home: Path) -> None:
    app = open_page(page, language)
    assert not app.exception
    assert app.title[0].value == PAGES[page][0 if language == "en" else 1]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_data_and_model(page: str, full_home: Path) -> None:
    app = open_page(page)
    assert not app.exception and not app.error
    assert set(PAGES[page][2]) <= keys(app)


def test_home_ticks_off_what_is_done(full_home: Path) -> None:
    assert "check_circle" not in "".join(text.value for text in open_page("home").markdown)
    open_page("dataset")
    app = open_page("home")
    ticked = [text.value for text in app.markdown if "check_circle" in text.value]
    assert len(ticked) == 1 and ticked[0].endswith("1. See the data**")
    assert {metric.label: metric.value for metric in app.metric}["Training runs"] == "1"


def test_the_practice_set_is_drawn_by_its_button(home: Path) -> None:
    app = open_page("training")
    app.button(key="guard.sample").click().run()
    assert not app.exception
    assert (home / "datasets" / "sample" / "dataset.json").exists()
    assert "training.start" in keys(app)


def test_opening_a_folder_makes_it_the_session_s_dataset(full_home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "my glasses", {"": {"glasses": 20, "none": 20}})
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(f'"{root}"').run()
    app.button(key="dataset.open").click().run()
    assert app.subheader[0].value == "my glasses · 40 images"
    assert app.selectbox(key="dataset.known").value == root
    app.selectbox(key="dataset.known").select(full_home / "datasets" / "sample").run()
    assert "210 images" in app.subheader[0].value
    assert app.switch_page("pages/training.py").run().caption[0].value.endswith("not for real faces.")


@pytest.mark.parametrize("typed", ["/no/such/folder", "C:\\nothing", "\0", "~nobody/x"])
def test_a_wrong_folder_gets_a_sentence(full_home: Path, typed: str) -> None:
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(typed).run()
    app.button(key="dataset.open").click().run()
    assert not app.exception
    assert "is no folder" in app.error[0].value
    assert "210 images" in app.subheader[0].value  # The dataset at hand is not lost.


def test_an_empty_folder_gets_a_sentence_in_korean(full_home: Path, tmp_path: Path) -> None:
    app = open_page("dataset", "ko")
    app.text_input(key="dataset.path").set_value(str(tmp_path)).run()
    app.button(key="dataset.open").click().run()
    assert "이미지가 없어요" in app.error[0].value


def test_an_unreadable_image_is_named_on_the_dataset_page(full_home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "small", {"train": {"a": 2, "b": 2}, "validation": {"a": 1, "b": 1}})
    (root / "train" / "a" / "broken.png").write_bytes(b"no image")
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(str(root)).run()
    app.button(key="dataset.open").click().run()
    assert not app.exception
    assert "train/a/broken.png" in app.warning[0].value


def test_a_bundle_with_a_broken_card_is_named_and_the_rest_works(full_home: Path) -> None:
    (full_home / "models" / "damaged").mkdir()
    (full_home / "models" / "damaged" / "card.json").write_text("{", encoding="utf-8")
    app = open_page("evaluation")
    assert not app.exception
    assert "damaged" in app.warning[0].value
    assert app.selectbox(key="model.bundle").value is not None


def test_a_bundle_whose_network_was_changed_is_refused(full_home: Path) -> None:
    (full_home / "models" / "tiny" / "model.tflite").write_bytes(b"something else")
    app = open_page("evaluation")
    chosen = next(bundle for bundle in app.selectbox(key="model.bundle").options if "tiny" in str(bundle))
    app.selectbox(key="model.bundle").select(chosen).run()
    assert not app.exception
    assert "not the file its card describes" in app.error[0].value


def test_one_training_at_a_time_and_found_again(full_home: Path) -> None:
    app = open_page("training")
    app.slider(key="training.epochs").set_value(1)
    app.button(key="training.start").click().run()
    assert not app.exception
    run = list_runs()[0]
    assert run.config().epochs == 1 and run.status().active
    other_browser = open_page("training")
    assert other_browser.button(key="training.start").disabled
    other_browser.button(key="training.stop").click().run()
    assert run.stop_requested or not run.status().active


def test_a_damaged_run_folder_gets_a_sentence(full_home: Path) -> None:
    (list_runs()[0].path / "status.json").write_text("{", encoding="utf-8")
    app = open_page("training")
    assert not app.exception
    assert any("damaged" in error.value for error in app.error)


def test_a_bad_name_of_a_model_is_refused_before_anything_starts(full_home: Path) -> None:
    app = open_page("training")
    app.text_input(key="training.name").set_value("../../elsewhere").run()
    assert "Name: expected" in app.error[0].value
    assert "training.start" not in keys(app)
