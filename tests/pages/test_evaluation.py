"""The Evaluation page's exam: its figures against scikit-learn, what lies behind a cell, two models side by side."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, top_k_accuracy_score
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes
from emotion.files import read_image
from emotion.homes import REPOSITORY
from tests.conftest import write_faces
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import keys, open_page, shown

pytestmark = pytest.mark.usefixtures("deck_first")
MEASURE, COMPARE = "Measure a model", "Compare two"
DECK = REPOSITORY / "models" / "emotion-deck"


@pytest.fixture
def house(trained: Path, home: Path) -> Path:
    """A home with a dataset of drawn faces and a bundle; another bundle of the same classes ships."""
    return Path(shutil.copytree(trained, home))


@pytest.fixture(scope="module")
def truth(trained: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The labels of the validation images, and what the two bundles answer to them when asked outside the page."""
    dataset = open_dataset(trained / "datasets" / "sample")
    labels, faces = faces_of(dataset)
    answers = [Classifier(load_bundle(path)).predict(faces) for path in (DECK, trained / "models" / "tiny")]
    return labels, *answers


def faces_of(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    part = dataset.splits["validation"]
    return part.labels, np.array([read_image(dataset.root / path, gray=True) for path in part.paths])


def open_view(view: str, language: str = "en") -> AppTest:
    app = open_page("evaluation", language)
    app.session_state["evaluation.view"] = view
    return finish_jobs(app.run())


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def captions(app: AppTest) -> str:
    return "\n".join(shown(text.value) for text in app.caption)


def calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """By the definition, image by image: the gap of each fifteenth, as heavy as the images in it are many."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    groups = [(sure > low / 15) & (sure <= (low + 1) / 15 + 1e-6 * (low == 14)) for low in range(15)]
    return sum(abs(right[group].mean() - sure[group].mean()) * group.mean() for group in groups if group.any())


def test_the_figures_are_scikit_learn_s(house: Path, truth: tuple[np.ndarray, ...]) -> None:
    labels, answers, _ = truth
    best = answers.argmax(axis=1)
    app, right = open_view(MEASURE), int((best == labels).sum())
    low, high = binomtest(right, len(labels)).proportion_ci(method="wilson")
    found = metrics(app)
    assert found["Accuracy"] == (f"{accuracy_score(labels, best):.1%}", f"{low:.1%} – {high:.1%}")
    assert found["Top 2"][0] == f"{top_k_accuracy_score(labels, answers, k=2):.1%}"
    present = np.union1d(labels, best)
    assert found["Macro F1"][0] == f"{f1_score(labels, best, labels=present, average='macro', zero_division=0):.1%}"
    assert found["Calibration error"][0] == f"{calibration_error(labels, answers):.1%}"
    assert "21 images, answered in" in captions(app) and not app.error


def test_behind_a_cell_are_its_images(house: Path, truth: tuple[np.ndarray, ...]) -> None:
    labels, answers, _ = truth
    matrix = confusion_matrix(labels, answers.argmax(axis=1), labels=range(7))
    app = open_view(MEASURE)
    boxes = [app.selectbox(key=key) for key in ("evaluation.true", "evaluation.said")]
    classes = open_dataset(house / "datasets" / "sample").classes
    first = matrix[tuple(classes.index(str(box.value)) for box in boxes)]
    assert first == (matrix - np.diag(np.diag(matrix))).max()  # At first the most frequent mistake.
    assert f"{first} images, the surest answer first." in captions(app)
    empty = tuple(int(place[0]) for place in np.nonzero(matrix == 0))
    for key, place in zip(("evaluation.true", "evaluation.said"), empty, strict=True):
        app.selectbox(key=key).set_value(classes[place])
    assert app.run().info[0].value == "No image lies in this cell."


@pytest.mark.parametrize("figure", ["classes", "calibration", "roc"])
def test_every_figure_in_korean(house: Path, figure: str) -> None:
    app = open_view("measure", "ko")
    before = len(app.get("plotly_chart"))
    app.button_group(key="evaluation.numbers").set_value("shares")
    app.button_group(key="evaluation.figure").set_value(figure).run()
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == before == 2


def test_copies_of_training_images_are_left_out(house: Path) -> None:
    data = house / "datasets" / "sample"
    shutil.copy(next((data / "train" / "sad").iterdir()), data / "validation" / "happy" / "copy.png")
    app = open_view(MEASURE)
    assert "22 images, answered in" in captions(app)
    app.toggle(key="evaluation.unseen").set_value(True).run()
    assert "21 of 22 images are left" in captions(finish_jobs(app))


def test_the_majority_s_word_is_the_truth(house: Path, truth: tuple[np.ndarray, ...]) -> None:
    data = house / "datasets" / "sample"
    (data / "dataset.json").unlink()  # Nobody votes on faces that say they are drawn.
    dataset = open_dataset(data)
    paths = dataset.splits["validation"].paths
    rows = [",".join(["file", *COLUMNS]), *(f"{path},0,9,0,1,0,0,0,0,0,0" for path in paths)]
    attach_votes(dataset, BytesIO("\n".join(rows).encode()))
    app = open_view(MEASURE)
    app.toggle(key="evaluation.votes").set_value(True).run()
    happy = (truth[1].argmax(axis=1) == dataset.classes.index("happy")).mean()
    assert metrics(finish_jobs(app))["Accuracy"][0] == f"{happy:.1%}"


def test_the_final_exam_is_asked_for_first(house: Path) -> None:
    app = open_view(MEASURE)
    app.button_group(key="evaluation.split").set_value("test").run()
    assert "final exam" in app.info[0].value and not app.metric
    app.button(key="evaluation.agree").click().run()
    assert "21 images, answered in" in captions(finish_jobs(app))
    app.button_group(key="evaluation.split").set_value("train").run()
    assert "by heart" in app.info[0].value and not app.metric


def look_closely(root: str, bundle: str, position: int, broken_since: bool) -> None:
    """A page of one image, as a click on its tile shows it."""
    import streamlit as st

    from emotion.cnn.bundle import load_bundle
    from emotion.cnn.classifier import Classifier
    from emotion.cnn.evaluation import evaluate
    from emotion.dataset.folder import open_dataset
    from emotion.ui.evaluation import cell

    st.session_state["evaluation.heat"] = "cover"
    classifier, dataset = Classifier(load_bundle(bundle)), open_dataset(root)
    found = evaluate(classifier, dataset, "validation")
    if broken_since:
        (dataset.root / dataset.everything.paths[found.rows[position]]).write_bytes(b"no image")
    cell.detail(cell.Setting(classifier, dataset), found, position)


def test_one_image_with_what_it_hangs_on(house: Path, truth: tuple[np.ndarray, ...]) -> None:
    root, (labels, _, answers) = house / "datasets" / "sample", truth
    position = int(np.flatnonzero(answers.argmax(axis=1) != labels)[0])
    arguments = (str(root), str(house / "models" / "tiny"), position)
    app = finish_jobs(AppTest.from_function(look_closely, default_timeout=60, args=(*arguments, False)).run())
    names = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")
    true, said = names[labels[position]], names[answers[position].argmax()]
    assert app.markdown[0].value == f"**{true}, taken for {said}**" and not app.error
    below = [caption for image in app.image for caption in image.captions]
    assert below == ["What the network sees", f"What speaks for {said}", f"What speaks for {true}"]
    assert len(app.get("plotly_chart")) == 1 and any("reminded of" in text.value for text in app.markdown)
    assert "no proof" in captions(app)
    app = AppTest.from_function(look_closely, default_timeout=60, args=(*arguments, True)).run()
    assert not app.exception and "None of the 1 files" in app.error[0].value


def test_among_many_training_images_the_nearest_are_looked_for_on_request(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion.ui.evaluation.cell._AT_ONCE", 100)
    for job in jobs.find("nearest:"):  # Of the tests before.
        jobs.forget(job)
    arguments = (str(house / "datasets" / "sample"), str(house / "models" / "tiny"), 0, False)
    app = finish_jobs(AppTest.from_function(look_closely, default_timeout=60, args=arguments).run())
    assert not jobs.find("nearest:") and app.button(key="evaluation.nearest").label == "Look for them"
    app.button(key="evaluation.nearest").click().run()
    app = finish_jobs(app)
    assert [job.result for job in jobs.find("nearest:")] and "evaluation.nearest" not in keys(app)
    for job in jobs.find("nearest:"):
        jobs.forget(job)
    app.run()  # They are kept on the disk: from now on nobody needs to ask.
    assert "evaluation.nearest" not in keys(finish_jobs(app)) and jobs.find("nearest:")


CARDS = {
    "emotion · 64.5% · FER+ 86.4%": (
        "64.5% of 3,579 validation images", "half of the taggers agree 91.3%", ("Fear", ["16%", "75%"]),
    ),
    "age · 54.2% · within one age group 89.6%": (
        "54.2% of 1,928 validation images", "6.1 years off on average", ("20-29", ["67%", "77%", "52%"]),
    ),
    "gender · 92.2%": (
        "92.2% of 1,928 validation images", "calibration error 1.1%", ("all ages", ["92%", "93%", "92%"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", CARDS)
def test_the_figures_of_the_card_stand_below_the_model(title: str, house: Path) -> None:
    lid, line, (column, shares) = CARDS[title]
    name = title.partition(" ")[0]
    app = open_page("evaluation")
    app.session_state["model.bundle"] = str(REPOSITORY / "models" / name)
    app.session_state["model.published"] = None
    app.session_state["evaluation.view"] = MEASURE
    app.run()
    assert title in app.selectbox(key="model.bundle").options
    assert not app.exception and lid in app.expander[0].label and line in said(app)
    assert list(app.dataframe[0].value[column]) == shares
    assert ("not a person’s gender" in captions(app)) == (name == "gender")


def said(app: AppTest) -> str:
    return " | ".join(shown(text.value) for text in app.markdown)


def test_two_models_on_the_same_images(house: Path, truth: tuple[np.ndarray, ...]) -> None:
    labels, first, second = truth
    rights = [answers.argmax(axis=1) == labels for answers in (first, second)]
    app = open_view(COMPARE)
    found = metrics(app)
    assert [shown(name) for name in found] == ["emotion-deck", "tiny"]
    assert [value for value, _ in found.values()] == [f"{right.mean():.1%}" for right in rights]
    only = [int((rights[0] & ~rights[1]).sum()), int((rights[1] & ~rights[0]).sum())]
    p = binomtest(only[0], sum(only)).pvalue if sum(only) else 1.0
    written = "< 0.001" if p < 0.001 else f"= {p:.3f}"
    assert f"p {written}. Only images that one model alone answers right count: {only[0]} : {only[1]}." in captions(app)
    differ = first.argmax(axis=1) != second.argmax(axis=1)
    counts = [*only, int((differ & ~rights[0] & ~rights[1]).sum())]
    options = [shown(option) for option in app.button_group(key="evaluation.group").options]
    names = ("only emotion-deck is right", "only tiny is right", "both wrong, each in its own way")
    assert options == [f"{name} · {count}" for name, count in zip(names, counts, strict=True)]
    for group in ("first", "second", "wrong"):
        app.button_group(key="evaluation.group").set_value(group).run()
        assert not app.exception and not app.error


def test_a_copy_of_a_model_answers_alike_and_is_not_the_first_choice(house: Path) -> None:
    copy = shutil.copytree(REPOSITORY / "models" / "emotion-deck", house / "models" / "a copy")
    card = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    (copy / "card.json").write_text(json.dumps(card | {"name": "a copy"}), encoding="utf-8")
    app = open_view(COMPARE)
    assert [shown(name) for name in metrics(app)] == ["emotion-deck", "tiny"]
    app.session_state["evaluation.second"] = str(copy)
    app = finish_jobs(app.run())
    assert any("images alike" in message.value for message in app.info)
    assert not any("McNemar" in text.value for text in app.caption)


def test_the_view_and_the_switches_stay(house: Path) -> None:
    app = open_view("measure")
    assert app.session_state["evaluation.view"] == MEASURE
    app.toggle(key="evaluation.unseen").set_value(True).run()
    app = finish_jobs(app)
    app.session_state["evaluation.view"] = "compare"
    assert finish_jobs(app.run()).toggle(key="evaluation.unseen").value
    app.switch_page("pages/home.py").run()
    app = finish_jobs(app.switch_page("pages/evaluation.py").run())
    assert app.session_state["evaluation.view"] == COMPARE and app.toggle(key="evaluation.unseen").value
    app.session_state["app.language"] = "ko"
    assert app.run().toggle(key="evaluation.unseen").value  # The tabs have other names now.


def no_bundle(home: Path) -> None:
    shutil.rmtree(home / "models")


def broken_bundle(home: Path) -> None:
    (home / "models" / "tiny" / "model.tflite").write_bytes(b"no")


def no_dataset(home: Path) -> None:
    shutil.rmtree(home / "datasets")


def other_classes(home: Path) -> None:
    no_dataset(home)
    write_faces(home / "datasets" / "mine", {"train": {"glasses": 2, "none": 2}, "validation": {"none": 2}})


def nothing_readable(home: Path) -> None:
    for path in (home / "datasets" / "sample" / "validation").rglob("*.png"):
        path.write_bytes(b"no image")


def nothing_new(home: Path) -> None:
    data = home / "datasets" / "sample"
    shutil.rmtree(data / "validation")
    shutil.copytree(data / "train", data / "validation")


def keep(home: Path) -> None:
    """Nothing is wrong but that there is one model only."""


# What is wrong, in which view it shows, whether copies are left out, and a part of the sentence.
WRONG = [
    (no_bundle, MEASURE, False, "There is no model yet"),
    (no_bundle, COMPARE, False, "There is no model yet"),
    (broken_bundle, MEASURE, False, "is not the file its card describes"),
    (no_dataset, MEASURE, False, "There is no dataset yet"),
    (other_classes, MEASURE, False, "has the classes glasses, none, but “tiny” knows angry"),
    (nothing_readable, MEASURE, False, "None of the 21 files"),
    (nothing_new, MEASURE, True, "No image of validation is left"),
    (keep, COMPARE, False, "No other model knows the same classes"),
]


@pytest.mark.parametrize(
    ("damage", "view", "unseen", "says"),
    [pytest.param(*row, id=f"{row[0].__name__}: {row[1]}") for row in WRONG],
)
def test_what_is_wrong_gets_one_sentence(
    damage: Callable[[Path], None],
    view: str,
    unseen: bool,
    says: str,
    house: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [house / "models"])
    damage(house)
    app = open_page("evaluation")
    app.session_state["evaluation.unseen"] = unseen
    app.session_state["evaluation.view"] = view
    app = finish_jobs(app.run())
    boxes = (*app.error, *app.info, *app.warning, *app.markdown)
    assert sum(says in shown(box.value) for box in boxes) == 1
    assert not app.metric


def test_the_dataset_is_chosen_among_the_known_ones(house: Path) -> None:
    write_faces(house / "datasets" / "mine", {"train": {"happy": 9, "sad": 9}, "validation": {"sad": 4}}, size=48)
    app = open_view(MEASURE)
    app.selectbox(key="evaluation.dataset").select(house / "datasets" / "mine").run()
    app = finish_jobs(app)
    assert "4 images, answered in" in captions(app)
    shutil.rmtree(house / "datasets" / "mine")
    assert "is not there any more" in shown(app.run().warning[0].value)
