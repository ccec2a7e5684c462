"""``emotion predict`` as a person calls it: several models, many photos, and photos that can't be read."""

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from emotion.cli import main
from emotion.cnn.bundle import find_bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.files import write_image
from emotion.haar.crop import crop_face
from emotion.haar.photos import LONGEST, astronaut, shrink
from emotion.homes import REPOSITORY
from emotion.live.still import read_faces

MODELS = ("emotion-deck", "age", "gender")
NOSE = (225, 115)  # Eileen Collins', in pixels of the photo.


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_image(tmp_path / "우주인.png", astronaut())
    return tmp_path / "우주인.png"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def asked(*names: str) -> list[str]:
    return [part for name in names for part in ("--model", name)]


def test_several_models_answer_about_the_same_face(photo: Path) -> None:
    done = run(*asked(*MODELS), "--json", photo)
    assert done.exit_code == 0
    (row,) = json.loads(done.stdout)
    left, top, right, bottom = row["box"]
    assert left < NOSE[0] < right and top < NOSE[1] < bottom
    assert list(row["models"]) == list(MODELS) and row["label"] == row["models"]["emotion-deck"]["label"]
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    for name, answer in row["models"].items():
        bundle = load_bundle(REPOSITORY / "models" / name)
        crop = crop_face(gray, np.array(row["box"], np.float32), bundle.card.input.height)
        assert list(answer["probabilities"].values()) == pytest.approx(
            Classifier(bundle).predict(crop[np.newaxis])[0].tolist(), abs=1e-3
        )
        assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].__getitem__)
    assert 0 < row["models"]["age"]["years"] < 100


def test_many_photos_give_a_table_and_one_that_is_none_costs_no_other(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    write_image(tmp_path / "wall.jpg", np.full((300, 400, 3), 127, np.uint8))
    table = tmp_path / "out.csv"
    done = run(*asked(*MODELS), "--csv", table, photo, tmp_path / "no.png", tmp_path / "wall.jpg")
    assert done.exit_code == 2
    assert "no.png is no readable image" in done.stderr and done.stderr.count("emotion: ") == 1
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["image", *MODELS] and len(lines) == 2
    assert lines[0].startswith(str(photo)) and " years " in lines[0]
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["image"] for row in rows] == [str(photo), str(tmp_path / "wall.jpg")]
    assert sum(float(value) for key, value in rows[0].items() if key.startswith("gender: ")) == pytest.approx(
        1, abs=1e-3
    )


def test_columns_stand_under_each_other_behind_hangul(photo: Path, tmp_path: Path) -> None:
    plain = tmp_path / "astronaut.png"
    plain.write_bytes(photo.read_bytes())
    _head, first, second = run(*asked("gender"), photo, plain).stdout.splitlines()
    # Each of the three syllables takes two columns of a terminal.
    assert first.index("female") + 3 == second.index("female")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (asked("age", "age"), "Two of the models are called age"),
        (asked("age", "nope"), "no model “nope”"),
    ],
)
def test_a_mistake_is_one_clear_line(photo: Path, arguments: list[str], says: str) -> None:
    done = run(*arguments, photo)
    assert done.exit_code == 2 and says in done.stderr and done.stdout == ""
    assert done.stderr.strip().count("\n") == 0


def test_a_large_photo_is_read_as_on_the_pages(photo: Path, tmp_path: Path) -> None:
    large = cv2.resize(astronaut(), (2560, 2560), interpolation=cv2.INTER_CUBIC)
    write_image(tmp_path / "large.png", large)
    table = tmp_path / "out.csv"
    done = run(*asked("emotion-deck"), "--json", "--csv", table, tmp_path / "large.png")
    row, *others = json.loads(done.stdout)
    seen, *more = read_faces(shrink(large, LONGEST), [Classifier(find_bundle("emotion-deck"))])[0]
    assert len(others) == len(more)
    assert row["box"] == pytest.approx((2 * seen.xyxy).tolist(), abs=0.01)
    assert list(row["probabilities"].values()) == pytest.approx(seen.predictions["emotion-deck"].probabilities.tolist())
    line = next(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert float(line["left"]) == pytest.approx(row["box"][0], abs=0.1)
