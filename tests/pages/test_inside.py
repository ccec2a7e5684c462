"""Inside the CNN: kernels, feature maps and one neuron of the course's network, asked of a real helper process."""

import base64
import json

import cv2
import h5py
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.inside import FeatureMap, Layer, Neuron
from emotion.homes import REPOSITORY
from emotion.plots.inside import framed, haar_picture, kernel_picture, maps_picture, numbers_figure
from emotion.ui.evaluation.inside import _strongest
from tests.conftest import write_faces
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import open_page, shown

pytestmark = pytest.mark.usefixtures("deck_first")


def walls(page: AppTest) -> list[dict]:
    """What each wall of tiles on the page shows."""
    return [json.loads(wall.proto.json) for wall in page.get("bidi_component")]


def open_inside(view: str) -> AppTest:
    page = open_page("evaluation")
    page.session_state["evaluation.view"] = "inside"
    page.session_state["evaluation.inside"] = view
    return finish_jobs(page.run(), 120)


def test_the_kernels_stand_beside_the_haar_features_they_resemble(home) -> None:
    page = open_inside("kernels")
    assert any("**64 kernels**" in text.value for text in page.markdown)
    (wall,) = walls(page)
    assert len(wall["tiles"]) == 48 and wall["groups"] == list(range(2, 50, 2))
    with h5py.File(REPOSITORY / "models" / "emotion-deck" / "model.weights.h5") as file:
        weights = file["layers/conv2d/vars/0"][...][:, :, 0]
    first = int(wall["tiles"][0]["caption"]) - 1
    shares = [int(tile["caption"].rstrip("%")) for tile in wall["tiles"][1::2]]
    assert shares == sorted(shares, reverse=True)
    # The first one is an edge or a line to the eye: rows or columns tell its cells apart.
    kernel = weights[:, :, first] - weights[:, :, first].mean()
    explained = max((kernel.mean(axis=axis) ** 2).sum() * 3 for axis in (0, 1)) / (kernel**2).sum()
    assert shares[0] > 85 and explained > 0.7
    page.toggle(key="evaluation.all_kernels").set_value(True).run()
    assert len(walls(page)[0]["tiles"]) == 128


def test_each_layer_shows_its_maps(home) -> None:
    page = open_inside("maps")
    (wall,) = walls(page)
    captions = [tile["caption"] for tile in wall["tiles"]]
    assert captions[:3] == ["Input", "48×48×1", "48×48×64"] and captions[-1] == "7"
    assert any("Layer 1 of 25: Rescaling" in text.value for text in page.markdown)


def test_maps_of_a_single_pixel_are_drawn_as_the_numbers_they_are() -> None:
    numbers = np.arange(64, dtype=np.float32)
    tile = _strongest(FeatureMap("scale", "Multiply", numbers.reshape(1, 1, 64)))
    assert tile == _strongest(FeatureMap("dense", "Dense", numbers))
    assert len(np.unique(cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_GRAYSCALE))) > 32


def test_an_image_of_the_dataset_goes_through_the_network(home) -> None:
    write_faces(home / "datasets" / "small", {"train": {"a": 2, "b": 2}, "val": {"a": 2, "b": 2}}, size=48)
    page = open_inside("maps")
    page.button_group(key="evaluation.face_from").set_value("dataset").run()
    faces, layers = walls(finish_jobs(page))
    assert len(faces["tiles"]) == 4
    data = layers["tiles"][0]["source"].split(",")[1]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(picture, cv2.imread(str(home / "datasets/small/val/a/000.png"), cv2.IMREAD_GRAYSCALE))


def test_one_neuron_is_worked_out_as_keras_does(home) -> None:
    page = open_inside("neuron")
    page.slider(key="evaluation.neuron.row").set_value(1)
    page.slider(key="evaluation.neuron.kernel").set_value(7).run()
    finish_jobs(page)
    table = next(text.value for text in page.markdown if "|:--|" in text.value)
    result = table.splitlines()[-1].split("**")[1]
    assert f"Keras itself says {result}" in page.success[0].value


def test_an_unreadable_image_gets_a_sentence_and_another_can_be_chosen(home) -> None:
    root = write_faces(home / "datasets" / "small", {"train": {"a": 2, "b": 2}, "val": {"a": 2, "b": 2}}, size=48)
    (root / "val" / "a" / "000.png").write_bytes(b"no image")
    page = open_page("evaluation")
    page.session_state["evaluation.view"] = "inside"
    page.session_state["evaluation.inside"] = "maps"
    page.session_state["evaluation.face_from"] = "dataset"
    page.run()
    assert not page.exception and "is a readable image" in page.error[0].value
    assert any("000.png" in shown(text.value) for text in page.caption)
    (faces,) = walls(page)
    assert len(faces["tiles"]) == 4


@pytest.fixture
def own(bundle_copy) -> AppTest:
    """The view on a bundle about which nobody has asked yet."""
    card = json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    (bundle_copy / "card.json").write_text(json.dumps({**card, "notes": str(bundle_copy)}), encoding="utf-8")
    page = open_page("evaluation")
    page.selectbox(key="model.bundle").set_value(str(bundle_copy.resolve())).run()
    page.session_state["evaluation.view"] = "inside"
    return page


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 2)])
def test_kernels_that_no_haar_feature_fits(own: AppTest, monkeypatch, shape: tuple[int, int]) -> None:
    monkeypatch.setattr("emotion.cnn.inside.kernels", lambda bundle, told: np.ones((*shape, 1, 4), np.float32))
    own.run()
    assert not own.exception
    assert any(f"convolution are {shape[0]} × {shape[1]}." in text.value for text in own.info)


@pytest.mark.parametrize(("expected", "agrees"), [(3.0001, True), (2.0, False)])
def test_keras_is_quoted_as_a_proof_only_where_it_agrees(
    own: AppTest, monkeypatch, expected: float, agrees: bool
) -> None:
    layer = Layer("conv2d", "Conv2D", (48, 48, 8), 10)
    ones = np.ones((3, 3), np.float32)
    neuron = Neuron(ones, (0, 0), ones / 3, (0.0, 1.0), 0.0, None, True, expected)
    monkeypatch.setattr("emotion.cnn.inside.layers", lambda bundle, told: (layer,))
    monkeypatch.setattr("emotion.cnn.inside.neuron", lambda *_: neuron)
    own.session_state["evaluation.inside"] = "neuron"
    own.run()
    said = own.success if agrees else own.warning
    assert not own.exception and len(own.success) == int(agrees)
    assert f"Keras itself says {expected:.4f}." in said[0].value


def test_a_head_has_nothing_inside(home, bundle_copy) -> None:
    page = open_page("evaluation")
    page.selectbox(key="model.bundle").set_value(str(bundle_copy.resolve())).run()
    (bundle_copy / "model.json").unlink()
    page.session_state["evaluation.view"] = "inside"
    page.run()
    assert not page.exception
    assert any("Choose that model to look inside" in text.value for text in page.info)


def test_pictures_by_hand() -> None:
    kernel = np.array([[1.0, 0, -1]] * 3)
    picture = kernel_picture(kernel)
    assert picture.shape == (48, 48, 3)
    left, right = picture[24, 4].astype(int), picture[24, 44].astype(int)
    assert left[2] > left[0] and right[0] > right[2]  # Orange for what adds, blue for what takes away.
    assert haar_picture(kernel > 0)[24, 4].tolist() == [20] * 3
    maps = np.zeros((2, 2, 3))
    maps[0, 1, 1], maps[1, 1, 2] = 4, -4
    grid = maps_picture(maps, columns=2, side=10)
    assert grid.shape == (28, 28, 4)
    assert grid[3, 25, :3].tolist() != grid[3, 3, :3].tolist() == grid[25, 11, :3].tolist()
    assert grid[20, 20, 3] == 0  # There is no fourth map.
    frame = framed(np.zeros((48, 48), np.uint8), 10, 20, 3, 3)
    assert frame.shape == (336, 336, 3) and frame[70, 150].any() and not frame[80, 150].any()


def test_numbers_are_written_as_they_are() -> None:
    figure = numbers_figure(np.array([[0.5, -0.25], [1, 0]]), "x")
    assert list(figure.data[1].text) == ["0.500", "−0.250", "1", "0"]
    assert numbers_figure(np.array([[255.0, 0]]), "x", (0, 255)).data[0].z[0].tolist() == [[255] * 3, [0] * 3]
    scaled = numbers_figure(np.array([[-1.0, 0, 0.5, 1]]), "x", (-1, 1))  # As emotion takes them.
    assert scaled.data[0].z[0, :, 0].tolist() == [0, 127, 191, 255]
    assert [str(text) for text in scaled.data[1].textfont.color] == ["#FFFFFF", "#FFFFFF", "#000000", "#000000"]
