"""Every page, in both languages, empty and with data: it shows its heading and widgets, and never an exception."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.runs import list_runs
from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY
from tests.conftest import write_faces

# Page → (heading in English, in Korean, keys of widgets that are there once there are data and a model).
PAGES = {
    "home": ("Emotion Lab", "Emotion Lab", []),
    "dataset": ("See the data", "데이터 살펴보기", ["dataset.split", "dataset.shuffle"]),
    "training": (
        "Train the network",
        "신경망 훈련하기",
        ["training.epochs", "training.batch", "training.start"],
    ),
    "evaluation": ("Test the network", "신경망 시험하기", ["model.bundle", "evaluation.source"]),
    "haar": ("How a face is found", "얼굴은 어떻게 찾을까요?", ["haar.rows", "haar.columns", "haar.example_1"]),
    "live": ("Live", "실시간", ["live.view", "live.source"]),
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


def shown(markdown: str) -> str:
    """What a reader sees of a sentence whose names are escaped."""
    return markdown.replace("\\", "")


def keys(app: AppTest) -> set[str]:
    kinds = (app.button, app.slider, app.select_slider, app.selectbox, app.button_group, app.text_input)
    return {widget.key for kind in kinds for widget in kind}


def test_the_chosen_language_stands_in_the_address(home: Path) -> None:
    assert "lang" not in open_page("home").query_params  # The browser's own.
    assert open_page("home", "ko").query_params["lang"] == "ko"


def test_a_switch_without_a_value_is_no_error(home: Path) -> None:
    app = open_page("haar", "ko")
    app.session_state["app.language"] = None
    assert not app.run().exception and app.title[0].value == PAGES["haar"][1]  # As the address says.


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
    assert PAGES[page][2] or page == "home"  # Which has links only.


def test_home_ticks_off_what_is_done(full_home: Path) -> None:
    def ticked() -> list[str]:
        return [text.value[-18:] for text in open_page("home").markdown if "check_circle" in text.value]

    assert ticked() == ["2. Train the CNN**"]  # A run has finished, whoever watched.
    open_page("dataset")
    assert len(ticked()) == 2 and ticked()[0].endswith("1. See the data**")
    app = open_page("home")
    (full_home / "runs" / "damaged").mkdir()
    (full_home / "runs" / "damaged" / "status.json").write_text("{", encoding="utf-8")
    assert len(ticked()) == 2
    assert {metric.label: metric.value for metric in app.metric}["Training runs"] == "1"


def test_home_names_the_models_that_live_will_run(full_home: Path) -> None:
    def on_live(**state: object) -> str:
        app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
        for key, value in state.items():
            app.session_state[key.replace("__", ".")] = value
        return shown({metric.label: metric.value for metric in app.run().metric}["Model on the Live page"])

    deck, age = (str(REPOSITORY / "models" / name) for name in ("emotion-deck", "age"))
    assert on_live() == "emotion" and on_live(live__models=[deck, age]) == "emotion-deck, age"
    assert on_live(live__models=[]) == "–" and on_live(live__models=["/gone", age]) == "age"
    assert on_live(live__models=[deck], live__wanted=[age]) == "age"


def test_the_practice_set_is_drawn_by_its_button(home: Path) -> None:
    app = open_page("training")
    app.button(key="guard.sample").click().run()
    assert not app.exception
    assert (home / "datasets" / "practice" / "dataset.json").exists()
    assert "training.start" in keys(app)


def test_opening_a_folder_makes_it_the_session_s_dataset(full_home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "my glasses", {"": {"glasses": 20, "none": 20}})
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(f'"{root}"')
    app.button(key="dataset.open").click().run()
    assert app.subheader[0].value == "my glasses · 40 images"
    assert app.selectbox(key="dataset.known").value == root
    app.selectbox(key="dataset.known").select(full_home / "datasets" / "sample").run()
    assert "210 images" in app.subheader[0].value
    assert app.switch_page("pages/training.py").run().caption[0].value.endswith("not for real faces.")


@pytest.mark.parametrize("typed", ["/no/such/folder", "C:\\nothing", "\0", "~nobody/x"])
def test_a_wrong_folder_gets_a_sentence(full_home: Path, typed: str) -> None:
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(typed)
    app.button(key="dataset.open").click().run()
    assert not app.exception
    assert "is no folder" in app.error[0].value
    assert "210 images" in app.subheader[0].value  # The dataset at hand is not lost.


def test_an_empty_folder_gets_a_sentence_in_korean(full_home: Path, tmp_path: Path) -> None:
    app = open_page("dataset", "ko")
    app.text_input(key="dataset.path").set_value(str(tmp_path))
    app.button(key="dataset.open").click().run()
    assert "이미지가 없어요" in app.error[0].value


def test_an_unreadable_image_is_named_on_the_dataset_page(full_home: Path, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "small", {"train": {"a": 2, "b": 2}, "validation": {"a": 1, "b": 1}})
    (root / "train" / "a" / "broken.png").write_bytes(b"no image")
    app = open_page("dataset")
    app.text_input(key="dataset.path").set_value(str(root))
    app.button(key="dataset.open").click().run()
    assert not app.exception
    assert "broken" in app.warning[0].value and "no readable image" in app.warning[0].value


def put(place: str, text: str | bytes | None) -> Callable[[Path], None]:
    """Damage that writes ``text`` into a file of the home, or makes it a folder; RUN stands for the run's folder."""

    def damage(home: Path) -> None:
        path = home / (place.replace("RUN", f"runs/{list_runs()[0].name}") if "RUN" in place else place)
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink(missing_ok=True)
            path.mkdir()
        else:
            path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)

    return damage


def loop(home: Path) -> None:
    """A link to itself among the splits: the system refuses to look into it, as into a folder without permission."""
    (home / "datasets" / "sample" / "loop").symlink_to("loop")


DATA_PAGES, MODEL_PAGES = ("home", "dataset", "training"), ("home", "evaluation", "live")
NETWORK = "is not the file its card describes"
# What is damaged, how, on which pages it shows, and a part of the sentence there; "" where it may be passed over.
DAMAGE = [
    ("datasets.json", put("datasets.json", "{"), DATA_PAGES, "datasets.json is damaged"),
    ("datasets.json of letters", put("datasets.json", '"/"'), DATA_PAGES, "datasets.json is damaged"),
    ("datasets.json of bytes", put("datasets.json", b"\xff"), DATA_PAGES, "datasets.json is damaged"),
    ("datasets.json a folder", put("datasets.json", None), DATA_PAGES, "datasets.json is damaged"),
    ("datasets.json of odd paths", put("datasets.json", '["\\u0000", 7, "~nobody"]'), DATA_PAGES, ""),
    ("dataset.json", put("datasets/sample/dataset.json", "{"), DATA_PAGES, "dataset.json is damaged"),
    ("dataset.json a list", put("datasets/sample/dataset.json", "[]"), DATA_PAGES, "dataset.json is damaged"),
    ("dataset.json of numbers", put("datasets/sample/dataset.json", '{"title": 1, "terms": []}'), DATA_PAGES, ""),
    ("a folder that can't be read", loop, DATA_PAGES, "can't be read"),
    ("lesson.json", put("lesson.json", "{"), ("home", "dataset"), "finished steps is damaged"),
    ("lesson.json of numbers", put("lesson.json", "[1]"), ("home", "dataset"), "finished steps is damaged"),
    ("lesson.json a folder", put("lesson.json", None), ("home", "dataset"), "finished steps is damaged"),
    ("config.json", put("RUN/config.json", "{"), ("home", "training"), ""),
    ("config.json a list", put("RUN/config.json", "[]"), ("home", "training"), ""),
    ("config.json of letters", put("RUN/config.json", '{"dataset": 1, "epochs": "x"}'), ("home", "training"), ""),
    ("status.json", put("RUN/status.json", "{"), ("training",), "damaged"),
    ("status.json a list", put("RUN/status.json", "[]"), ("training",), "damaged"),
    ("status.json of an odd state", put("RUN/status.json", '{"state": "odd"}'), ("training",), "damaged"),
    ("status.json of letters", put("RUN/status.json", '{"state": "running", "pid": "x"}'), ("training",), "damaged"),
    ("metrics.csv", put("RUN/metrics.csv", "epoch,loss\nx,y\n"), ("home", "training"), ""),
    ("metrics.csv of bytes", put("RUN/metrics.csv", b"\xff\x00"), ("home", "training"), ""),
    ("progress.jsonl", put("RUN/progress.jsonl", "garbage\n"), ("training",), ""),
    ("progress.jsonl of lists", put("RUN/progress.jsonl", "[1]\n"), ("training",), ""),
    ("card.json", put("models/other/card.json", "{"), MODEL_PAGES, "card.json is damaged"),
    ("card.json of numbers", put("models/other/card.json", '{"classes": 3}'), MODEL_PAGES, "card.json is damaged"),
    ("model.tflite", put("models/emotion-deck/model.tflite", b"no"), ("evaluation", "live"), NETWORK),
    ("model.tflite behind the pictures", put("models/emotion-deck/model.tflite", b"no"), ("home",), ""),
    ("weights behind the pictures", put("models/emotion-deck/model.weights.h5", b"no"), ("home",), ""),
]


@pytest.mark.parametrize(
    ("damage", "page", "says"),
    [pytest.param(damage, page, says, id=f"{what}: {page}") for what, damage, pages, says in DAMAGE for page in pages],
)
def test_what_is_damaged_gets_a_sentence(
    damage: Callable[[Path], None], page: str, says: str, full_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [full_home / "models"])
    best = shutil.copytree(full_home / "models" / "tiny", full_home / "models" / "emotion-deck")
    card = json.loads((best / "card.json").read_text(encoding="utf-8"))
    (best / "card.json").write_text(json.dumps(card | {"synthetic": False}), encoding="utf-8")
    damage(full_home)
    app = open_page(page)
    assert not app.exception
    assert app.title[0].value == PAGES[page][0]
    sentences = [shown(message.value) for message in (*app.error, *app.warning)]
    assert not says or any(says in sentence for sentence in sentences), sentences
    assert len(sentences) == len(set(sentences))


TITLE = "![x](http://example.com/x.png) $a$"


def test_a_title_from_a_file_is_shown_letter_by_letter(full_home: Path) -> None:
    (full_home / "datasets" / "sample" / "dataset.json").write_text(json.dumps({"title": TITLE}), encoding="utf-8")
    letters = r"\!\[x\]\(http\:\/\/example\.com\/x\.png\) \$a\$"
    assert open_page("dataset").subheader[0].value == f"{letters} · 210 images"
    assert letters in [metric.value for metric in open_page("home").metric]


def test_a_mended_picture_is_read_again(full_home: Path) -> None:
    def warnings() -> str:
        return " ".join(message.value for message in open_page("dataset").warning)

    picture = min((full_home / "datasets" / "sample" / "train" / "angry").iterdir())
    good = picture.read_bytes()
    for other in set(picture.parent.iterdir()) - {picture}:
        other.unlink()  # So that the grid cannot pass it by.
    picture.write_bytes(b"no image")
    assert "is no readable image" in warnings()
    picture.write_bytes(good)
    assert not warnings()


def test_a_model_replaced_within_a_second_is_loaded_anew(full_home: Path) -> None:
    def answer(app: AppTest) -> str:
        assert not app.exception
        return " ".join(shown(message.value) for message in app.error)

    assert not answer(open_page("evaluation"))
    card = full_home / "models" / "tiny" / "card.json"
    values = json.loads(card.read_text(encoding="utf-8"))
    values["files"]["model.tflite"] = "0" * 64
    card.write_text(json.dumps(values), encoding="utf-8")
    app = open_page("evaluation")
    if "tiny" not in app.selectbox(key="model.bundle").value:
        app.selectbox(key="model.bundle").set_value(str(card.parent.resolve())).run()
    assert NETWORK in answer(app)


def test_the_split_stays_from_page_to_page_while_the_dataset_has_it(full_home: Path, tmp_path: Path) -> None:
    app = open_page("dataset")
    app.button_group(key="dataset.split").set_value("test").run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/dataset.py").run()
    assert app.button_group(key="dataset.split").value == "test"
    small = write_faces(tmp_path / "small", {"train": {"a": 9, "b": 9}, "val": {"a": 1, "b": 1}})
    app.text_input(key="dataset.path").set_value(str(small))
    app.button(key="dataset.open").click().run()
    assert not app.exception
    assert app.button_group(key="dataset.split").value == "train"


def test_the_model_stays_from_page_to_page_until_one_is_published(full_home: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(full_home / "models" / "tiny", full_home / "models" / name)
    first, second = (str((full_home / "models" / name).resolve()) for name in ("first", "second"))
    app = open_page("evaluation")
    app.selectbox(key="model.bundle").set_value(second).run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/evaluation.py").run()
    assert app.selectbox(key="model.bundle").value == second
    app.session_state["app.published"] = "first"
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/evaluation.py").run()
    assert app.selectbox(key="model.bundle").value == first
    app.selectbox(key="model.bundle").set_value(second).run()
    assert app.selectbox(key="model.bundle").value == second
    shutil.rmtree(second)
    app.run()
    assert not app.exception and app.selectbox(key="model.bundle").value == first


def test_an_uploaded_photo_is_read(full_home: Path) -> None:
    app = open_page("evaluation")
    app.button_group(key="evaluation.source").set_value("upload").run()
    data = cv2.imencode(".png", astronaut())[1].tobytes()
    app.file_uploader(key="evaluation.upload").set_value(("우주인.png", data, "image/png")).run()
    assert not app.exception and not app.error
    assert any("What the network sees: 48 × 48 pixels" in text.value for text in (*app.caption, *app.markdown)) or (
        app.get("plotly_chart")
    )
    app.file_uploader(key="evaluation.upload").set_value(("notes.png", b"no image", "image/png")).run()
    assert not app.exception
    assert "notes.png is no readable image" in shown(app.error[0].value)
