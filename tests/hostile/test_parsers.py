"""Our own parsers on thousands of files that nobody would write: each says a sentence or takes what is there."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion.cnn.bundle import load_bundle, read_card, scan_bundles
from emotion.cnn.card import CARD
from emotion.cnn.config import TrainConfig
from emotion.cnn.edited import points_of, square
from emotion.cnn.history import metrics_csv, own_bundle, runs_csv, summary_of
from emotion.cnn.keras2 import translate
from emotion.cnn.runs import Run, create_run
from emotion.cnn.status import Status
from emotion.dataset.collect import collections
from emotion.dataset.folder import ABOUT, open_dataset
from emotion.dataset.importers.fer_csv import import_fer_csv
from emotion.dataset.importers.votes import COLUMNS, attach_votes
from emotion.dataset.library import known_datasets
from emotion.errors import UserError
from emotion.haar.accuracy import read_labelled_photos
from emotion.haar.cascade import read_cascade
from emotion.haar.detector import cascade_xml
from emotion.homes import REPOSITORY, datasets_folder
from emotion.i18n import error_text
from tests.conftest import write_faces
from tests.dataset.importers.sources import png, zip_bytes

CASES = 400
"""Of each parser: as many in every run, and the same ones."""
same = settings(
    max_examples=CASES, derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.integers(2**31, 2**70) | st.floats() | st.text(max_size=12)
    | st.sampled_from(["{", "{0}", "{what.__class__}", "{what:>9999999999}", "1e999", "epoch", "../..", "\ud800"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXT = st.text(alphabet=st.characters() | st.sampled_from(',"\n\r\t 0123456789-.;\0'), max_size=200)


def altered(value: Any) -> st.SearchStrategy[Any]:
    """``value`` with some part, however deep, put out, taken away or another."""
    if not isinstance(value, dict) or not value:
        return VALUES
    keys = st.sampled_from(sorted(value))

    def swap(key: str) -> st.SearchStrategy[Any]:
        rest = {name: part for name, part in value.items() if name != key}
        return st.just(rest) | altered(value[key]).map(lambda part: {**rest, key: part})

    return keys.flatmap(swap) | VALUES


def written(value: Any) -> bytes:
    """JSON as Python writes it, NaN and half letters too."""
    return json.dumps(value).encode()


def is_sentence(error: UserError) -> bool:
    """Whether the error can be shown: on the command line, and on a page."""
    return len(str(error)) < 10**6 and len(error_text(error)) > 10


SHIPPED = REPOSITORY / "models" / "emotion-deck"
GOOD_CARD = json.loads((SHIPPED / CARD).read_text(encoding="utf-8"))
GOOD_NETWORK = json.loads((SHIPPED / "model.json").read_text(encoding="utf-8"))


@same
@given(altered(GOOD_CARD).map(written) | st.binary(max_size=200))
def test_cards(tmp_path: Path, data: bytes) -> None:
    (tmp_path / CARD).write_bytes(data)
    try:
        card = read_card(tmp_path).card
    except UserError as error:
        assert is_sentence(error)
        return
    assert len(card.classes) >= 2 and all(isinstance(key, str) for key in card.classes)
    assert all(math.isfinite(number) for metric in card.metrics for number in (metric.value, metric.low, metric.high))
    assert isinstance(card.name, str) and isinstance(card.parameters, int) and card.input.height >= 8
    with pytest.raises(UserError):  # There are no files.
        load_bundle(tmp_path)


@same
@given(altered(GOOD_NETWORK))
def test_networks_of_keras_2(network: Any) -> None:
    try:
        found = translate(network, rescale=True)
    except UserError as error:
        assert is_sentence(error)
        return
    assert "Lambda" not in json.dumps(found)


GOOD_STATUS = vars(Status("failed", 12, 1.0, 1, 2, 3, 4, 5.0, 6.0, "training", "{run} can't be read.", {"run": "x"}))
GOOD_CONFIG = TrainConfig("data", "name").to_json()


@same
@given(altered(GOOD_STATUS).map(written) | st.binary(max_size=100), altered(GOOD_CONFIG).map(written), TEXT, TEXT)
def test_run_folders(tmp_path: Path, status: bytes, config: bytes, metrics: str, points: str) -> None:
    run = Run(tmp_path)
    for name, data in (("status.json", status), ("config.json", config), ("setting.json", status)):
        (tmp_path / name).write_bytes(data)
    for name, text in (("metrics.csv", "epoch,val_accuracy,loss\n" + metrics), ("progress.jsonl", points)):
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    one = summary_of(run)
    assert one.problem is None or is_sentence(one.problem)
    assert one.status is None or one.status.problem is None or is_sentence(one.status.problem)
    assert runs_csv([one]) and metrics_csv([one])
    for read in (run.progress, run.confusions, run.setting, lambda: run.classes, lambda: own_bundle(run)):
        try:
            read()
        except UserError as error:
            assert is_sentence(error)


@same
@given(st.lists(VALUES.map(json.dumps) | TEXT, max_size=6), VALUES)
def test_lines_of_points(tmp_path: Path, lines: list[str], counts: Any) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    assert all(
        math.isfinite(point["epoch"])
        for point in points_of((tmp_path / "a.jsonl").read_text(encoding="utf-8", errors="replace"))
    )
    found = square(counts)
    assert found is None or (found.ndim == 2 and found.min() >= 0)


@same
@given(altered({"title": "x", "terms": "y", "synthetic": True, "left_out": [["a", "b"]], "collected": True}))
def test_a_dataset_s_own_file(home: Path, about: Any) -> None:
    root = datasets_folder() / "a"
    if not root.exists():
        write_faces(root, {"train": {"a": 2, "b": 2}})
    (root / ABOUT).write_bytes(written(about))
    assert collections() in ([], ["a"])
    try:
        dataset = open_dataset(root)
    except UserError as error:
        assert is_sentence(error)
        return
    assert isinstance(dataset.title, str) and all(len(pair) == 2 for pair in dataset.left_out)


@same
@given(st.binary(max_size=60) | VALUES.map(written))
def test_the_list_of_datasets(home: Path, data: bytes) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "datasets.json").write_bytes(data)
    try:
        known_datasets()
    except UserError as error:
        assert is_sentence(error)


def rows(*cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(*cells).map(",".join) | TEXT, max_size=5).map("\n".join)


PIXELS = st.lists(st.integers(-2, 260), min_size=0, max_size=10).map(lambda numbers: " ".join(map(str, numbers)))


@same
@given(
    rows(st.sampled_from(list("01234567x")), PIXELS, st.sampled_from(["Training", "PublicTest", "x", ""])),
    st.booleans(),
)
def test_fer2013_csv(tmp_path: Path, text: str, head: bool) -> None:
    source, destination = tmp_path / "a.csv", tmp_path / "sets" / "new"
    whole = ("emotion,pixels,Usage\n" if head else "") + text
    source.write_bytes(whole.encode("utf-8", "surrogatepass"))
    try:
        import_fer_csv(source, destination)
    except UserError as error:
        assert is_sentence(error) and not destination.exists()
    else:
        open_dataset(destination)
        for path in sorted(destination.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        destination.rmdir()
    assert not [path for path in (tmp_path / "sets").glob(".*")]  # Nothing half-made is left.


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faces(tmp_path_factory.mktemp("faces"), {"train": {"happy": 3, "sad": 3}})


NUMBERS = st.lists(st.sampled_from(["0", "3", "10", "-1", "1000", "x", " 1", ""]), min_size=9, max_size=11).map(
    ",".join
)


@same
@given(rows(st.sampled_from(["train/happy/000.png", "001.png", "../../x", ""]), NUMBERS))
def test_votes(faces: Path, tmp_path: Path, text: str) -> None:
    source = tmp_path / "votes.csv"
    source.write_bytes(f"file,{','.join(COLUMNS)}\n{text}".encode("utf-8", "surrogatepass"))
    dataset = open_dataset(faces)
    try:
        found = attach_votes(dataset, source)
    except UserError as error:
        assert is_sentence(error)
        return
    assert found.counts.shape == (6, 10) and found.counts.min() >= 0
    assert np.isfinite(found.emotions(dataset.classes)).all()


@same
@given(altered({"a.png": [{"xywh": [0, 0, 8, 8], "easy": True}]}).map(written) | st.binary(max_size=60))
def test_boxes(listed: bytes) -> None:
    try:
        found = read_labelled_photos(zip_bytes({"boxes.json": listed, "images/a.png": png()}))
    except UserError as error:
        assert is_sentence(error)
        return
    assert all(photo.boxes.shape == (len(photo.counted), 4) and np.isfinite(photo.boxes).all() for photo in found)


XML = cascade_xml("frontalface_default")[:30_000]
CUT = XML[: XML.rfind("</_>")] + "</_></stages></cascade></opencv_storage>"
SCRAPS = st.sampled_from([
    "<_>",
    "</_>",
    "-1",
    "1e999",
    "nan",
    "99999999999",
    "<!DOCTYPE a>",
    "&a;",
    "\0",
    "<width>",
    "٣",
    "",
])


def spliced(text: str) -> st.SearchStrategy[str]:
    """``text`` with scraps in the place of some of its parts."""
    cuts = st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, 30), SCRAPS), max_size=4)

    def apply(changes: list[tuple[int, int, str]]) -> str:
        whole = text
        for at, length, scrap in changes:
            whole = whole[:at] + scrap + whole[at + length :]
        return whole

    return cuts.map(apply)


@same
@given(
    spliced(cascade_xml("frontalface_default")).map(str.encode) | spliced(CUT).map(str.encode) | st.binary(max_size=300)
)
def test_cascades(data: bytes) -> None:
    try:
        cascade = read_cascade(data, "a.xml")
    except UserError as error:
        assert is_sentence(error)
        return
    assert cascade.scan(np.zeros((30, 30), np.uint8), 1.2).accepted.shape[1] == 4


@pytest.mark.parametrize("make", [lambda depth: "<a>" * depth, lambda depth: "<a>" * depth + "</a>" * depth])
def test_a_cascade_nested_without_end(make: Callable[[int], str]) -> None:
    with pytest.raises(UserError):
        read_cascade(make(300_000).encode(), "a.xml")


@pytest.mark.parametrize("name", ["status.json", "config.json", "setting.json", "progress.jsonl"])
def test_a_run_nested_without_end(tmp_path: Path, name: str) -> None:
    run = create_run(TrainConfig(str(tmp_path), "x"))
    (run.path / name).write_text("[" * 200_000, encoding="utf-8")
    summary_of(run), run.progress()
    if name == "setting.json":
        with pytest.raises(UserError):
            run.setting()


def test_a_broken_card_hides_no_other_model(bundle_copy: Path) -> None:
    (bundle_copy / CARD).write_text('{"metrics": [{"n": 1e999}], "classes": 5}', encoding="utf-8")
    found, problems = scan_bundles()
    assert {bundle.path.parent.name for bundle in found} == {"models"} and len(problems) == 1


def test_a_run_s_error_is_shown_letter_by_letter(tmp_path: Path) -> None:
    """As Markdown it would fetch a picture from elsewhere; as a template it could ask for ten gigabytes of blanks."""
    for error in ("![x](http://example.org/x.png)", "{what:>9999999999}", "{what.__class__}"):
        status = Status.from_json({"state": "failed", "error": error, "error_values": {"what": "x"}})
        assert status.problem and str(status.problem).endswith(error)
        assert "![" not in error_text(status.problem)
