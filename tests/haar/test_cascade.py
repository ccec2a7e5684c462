"""The glass box against OpenCV: a sample of ``sweep.py``, and every number of the way explained."""

import platform
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from emotion.errors import UserError
from emotion.haar import cascade as cascades
from emotion.haar.cascade import Cascade, load_cascade, open_cascade, read_cascade
from emotion.haar.detector import cascade_xml
from emotion.haar.integral import Rectangle
from emotion.haar.photos import astronaut, shrink
from emotion.haar.scan import Scan
from emotion.haar.stages import CascadeFeature, WeightedRectangle
from emotion.haar.windows import all_windows
from tests.haar.sweep import CASCADES, LIMITS, cases, compare, drawn, photos

X86 = pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="floats are added otherwise elsewhere")


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    return shrink(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[:300, 80:360], 160)


@pytest.fixture(scope="module")
def scan(gray) -> Scan:
    return open_cascade().scan(gray, 1.2)


@X86
@pytest.mark.parametrize("name", CASCADES)
def test_accepted_equals_opencv_on_a_face(gray, name):
    ours, theirs = compare(name, gray, 1.1)
    assert ours == theirs


@X86
def test_accepted_equals_opencv_over_pictures_and_settings():
    pictures = photos(120) | drawn()
    sample = list(cases(pictures, 1))[::7]  # No divisor of the number of cascades, so that all have their turn.
    assert len(pictures) >= 60 and {name for name, *_case in sample} == pictures.keys()
    assert {cascade for _name, cascade, *_case in sample} == {*CASCADES}
    boxes = 0
    for name, cascade, picture, *settings in sample:
        ours, theirs = compare(cascade, picture, *settings)
        assert ours == theirs, (name, picture.shape, cascade, settings)
        boxes += len(theirs)
    assert boxes > 30, boxes


def test_the_cascades_are_all_that_opencv_brings():
    files = Path(cv2.data.haarcascades).glob("haarcascade_*.xml")
    assert {path.stem.removeprefix("haarcascade_") for path in files} == {*CASCADES}


@X86
@pytest.mark.parametrize("limits", LIMITS)
def test_accepted_equals_opencv_within_limits(gray, limits):
    ours, theirs = compare("frontalface_alt2", gray, 1.05, *limits)
    assert ours == theirs


@X86
@pytest.mark.parametrize(
    "size", [(24, 24), (24, 25), (25, 24), (23, 90), (90, 23), (1, 1), (1, 90), (57, 24), (31, 33)]
)
def test_accepted_equals_opencv_in_tiny_pictures(size):
    picture = cv2.resize(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[70:170, 180:270], size[::-1])
    ours, theirs = compare("frontalface_default", picture, 1.1)
    assert ours == theirs


def test_skipping_and_the_last_rows_matter(gray):
    """Without OpenCV's omissions there would be more boxes, so that the equality above does test them."""
    found = open_cascade("smile").scan(gray, 1.05)
    every = found.reached == len(found.thresholds)
    assert (every & found.skipped).any() and (every & ~found.skipped).any()


@pytest.mark.parametrize("name", ["frontalface_default", "frontalface_alt2", "eye_tree_eyeglasses", "fullbody"])
def test_every_stage_sum_is_its_votes_added_up(gray, name):
    """The explanation looks up rectangle by rectangle, the scan each shared corner once."""
    cascade = open_cascade(name)
    found = cascade.scan(gray, 1.2)
    random = np.random.default_rng(0)
    furthest = np.argsort(-found.reached)[:5]
    for window in [*random.integers(0, len(found.reached), 20).tolist(), *furthest.tolist()]:
        told = cascade.explain(found, window)
        reached = int(found.reached[window])
        assert len(told) == min(reached + 1, len(cascade.stages))
        assert [stage.total for stage in told] == found.stage_sums(window).tolist()
        assert [stage.passed for stage in told] == [number < reached for number in range(len(told))]
        for stage, answer in zip(cascade.stages, told, strict=False):
            assert answer.total == sum(vote.vote for vote in answer.answers) and len(stage.weak) == len(answer.answers)


def test_a_value_by_hand():
    """A window as large as the picture: variance and feature straight from the pixels."""
    cascade = open_cascade()
    picture = np.random.default_rng(3).integers(0, 256, (24, 24), np.uint8)
    found = cascade.scan(picture, 1.1)
    assert len(found.reached) == 1 and found.boxes(np.array([0])).tolist() == [[0, 0, 24, 24]]
    inner = picture[1:-1, 1:-1].astype(float)
    answer = cascade.explain(found, 0)[0].answers[0]
    node = answer.nodes[0]
    total = 0.0
    for (row, column, height, width), weight in cascade.features[node.feature].rectangles:
        total += weight * float(picture[row : row + height, column : column + width].sum())
    assert answer.values[0] == pytest.approx(total / (inner.std() * inner.size), rel=1e-5)
    assert answer.vote == cascade.stages[0].weak[0].leaves[0 if answer.values[0] < node.threshold else 1]


def test_weights_that_are_not_whole_are_added_rectangle_by_rectangle(gray):
    boxes = (WeightedRectangle(Rectangle(2, 2, 6, 8), -1.0), WeightedRectangle(Rectangle(2, 4, 6, 4), 1.7))
    odd = CascadeFeature(boxes)
    assert not odd.whole and CascadeFeature((boxes[0], boxes[1]._replace(weight=2.0))).whole
    windows = all_windows(open_cascade().scan(gray, 1.5).layers, tilted=False)
    norms = np.ones(len(windows.starts), np.float32)
    np.testing.assert_array_equal(
        windows.values(odd, windows.starts, norms), windows.plain_values(odd, windows.starts, norms)
    )


def test_the_cascade_is_as_opencv_reads_it():
    cascade = open_cascade()
    assert cascade.window == (24, 24) and len(cascade.stages) == 25
    assert [len(stage.weak) for stage in cascade.stages[:3]] == [9, 16, 27]  # As the literature says of this one.
    assert Counter(len(feature.rectangles) for feature in cascade.features).keys() == {2, 3}


def test_a_file_with_hangul_in_its_path(tmp_path):
    path = tmp_path / "얼굴 검출.xml"
    path.write_text(cascade_xml("eye"), encoding="utf-8")
    assert load_cascade(path) == open_cascade("eye")
    with pytest.raises(UserError, match="can't be read"):
        load_cascade(tmp_path / "none.xml")


EYE = cascade_xml("eye")
OLD = "haarcascade_license_plate_rus_16stages.xml"


def _refused(xml: str | bytes) -> str:
    with pytest.raises(UserError) as error:
        read_cascade(xml.encode() if isinstance(xml, str) else xml, "my.xml")
    sentence = str(error.value)
    assert sentence.startswith("my.xml ") and "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "face",
        "\x89PNG\r\n",
        EYE[:5000],
        EYE[:-20],
        EYE.replace("</stages>", "", 1),
        "<a>&unknown;</a>",
        "\0",
        f"\0{EYE}",
    ]
    + [f'<?xml version="1.0" encoding="{code}"?><opencv_storage/>' for code in ("utf-7", "no-such")],
)
def test_what_is_no_whole_xml_is_a_sentence(text):
    assert "no complete XML" in _refused(text)


@pytest.mark.parametrize(
    "text", ["<html><body/></html>", "<opencv_storage/>", "<opencv_storage><a>1</a></opencv_storage>"]
)
def test_another_xml_is_a_sentence(text):
    assert "is no cascade" in _refused(text)


@pytest.mark.timeout(10)
def test_entities_are_refused_before_they_are_read(tmp_path):
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    outside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(20))
    for doctype in (outside, f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>'):
        text = EYE.replace('<?xml version="1.0"?>', f'<?xml version="1.0"?>{doctype}').replace("BOOST", "&x;&l20;")
        assert doctype in text and "document type" in _refused(text)


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("before", ["", " \n", "<!-- no <!DOCTYPE yet -->", "<?note?>"])
def test_a_document_type_is_found_in_every_encoding_and_behind_whatever_may_stand_before_it(code, before):
    text = f'{before}<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    assert "document type" in _refused(text.encode(code))
    if not before.startswith(" "):  # Where there is a declaration, nothing may stand before it.
        name = "utf-16" if code.startswith("utf-16") else code.removesuffix("-sig")
        declared = f'<?xml version="1.0" encoding="{name}"?>{text}'
        assert "document type" in _refused(declared.encode(code))


def test_a_word_that_is_no_document_type_is_none():
    assert read_cascade(EYE.replace("<stages>", "<!-- <!DOCTYPE --><stages>").encode(), "my.xml") == open_cascade("eye")
    assert read_cascade(EYE.encode("utf-16"), "my.xml") == open_cascade("eye")


def test_the_old_format_and_other_features_are_refused_by_name():
    with pytest.raises(UserError, match="old format"):
        load_cascade(f"{cv2.data.haarcascades}{OLD}")
    with pytest.raises(UserError, match="cascade of LBP features"):
        load_cascade(skimage.data.lbp_frontal_face_cascade_filename())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<width>20</width>", "<width>10</width>"),  # Features reach out of it.
        ("<width>20</width>", "<width>wide</width>"),
        ("<height>20</height>", "<height>-20</height>"),
        ("<height>20</height>", "<height>99999999</height>"),
        ("0 -1 0 ", "0 -1 99999 "),  # No such feature.
        ("0 -1 0 ", "0 -7 0 "),  # No such leaf.
        ("0 -1 0 ", "1 -1 0 "),  # No such node.
        ("0 -1 0 ", "0 0 "),
        ("<stageThreshold>", "<stageThreshold>nan "),
        ("<rects>", "<rects><_>0 0 20 20</_>"),
        ("<rects>", "<rects><_>0 0 20 20 1e99</_>"),
        ("stages>", "steps>"),
    ],
)
def test_a_damaged_cascade_is_a_sentence(old, new):
    assert old in EYE
    assert "damaged" in _refused(EYE.replace(old, new, 1) if old != "stages>" else EYE.replace(old, new))


@pytest.mark.parametrize("setting", [1.0, 0.0, float("nan")])
def test_a_scale_factor_out_of_range_is_explained(gray, setting):
    with pytest.raises(UserError, match="scale factor"):
        open_cascade().scan(gray, setting)


def test_a_scan_without_end_is_refused(gray, monkeypatch):
    monkeypatch.setattr(cascades, "_WINDOWS_AT_MOST", 1000)
    with pytest.raises(UserError, match="too many windows"):
        open_cascade().scan(gray, 1.1)


@pytest.mark.parametrize("picture", [np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50)), np.zeros(50, np.uint8)])
def test_another_shape_or_dtype_is_refused(picture):
    with pytest.raises(ValueError, match="uint8"):
        open_cascade().scan(picture, 1.1)


def test_a_picture_smaller_than_the_window_has_no_windows():
    found = open_cascade().scan(np.zeros((10, 300), np.uint8), 1.1)
    assert len(found.reached) == 0 and found.accepted.shape == (0, 4) and found.funnel.tolist() == [0] * 27
    assert np.isnan(found.heat).all() and found.windows_at(5, 5).size == 0 and isinstance(open_cascade(), Cascade)


def test_the_strongest_weak_classifiers_of_a_stage():
    stage = open_cascade().stages[1]
    strongest = stage.strongest(5)
    spreads = [max(weak.leaves) - min(weak.leaves) for weak in strongest]
    assert spreads == sorted((max(weak.leaves) - min(weak.leaves) for weak in stage.weak), reverse=True)[:5]


def test_outlines_run_round_a_rectangle():
    box = Rectangle(1, 4, 2, 3)
    assert CascadeFeature((), tilted=False).outline(box).tolist() == [[1, 4], [3, 4], [3, 7], [1, 7]]
    assert CascadeFeature((), tilted=True).outline(box).tolist() == [[1, 4], [3, 2], [6, 5], [4, 7]]
