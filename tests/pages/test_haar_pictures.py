"""Pictures of every kind, put in by each of three ways: a function, ``emotion detect``, and an upload to the page."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion.cli import main
from emotion.errors import UserError
from emotion.haar.detector import FaceDetector, check_size
from emotion.haar.photos import astronaut, open_scaled, webcam_still
from tests.pages.test_cascade import captions, metrics, step

FACE = Image.fromarray(astronaut()[..., ::-1])
STILL = Image.fromarray(webcam_still()[..., ::-1])  # The upper three quarters of it.
NOSE = (225 / 512, 115 / 512)  # Of its width, from the left and from above.
LONGEST = 640  # Of the page's picture.
Make = Callable[[], Image.Image]


def deep(image: Image.Image) -> Image.Image:
    """The same in 16 bits a pixel, gray."""
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8))


def flat(width: int, height: int) -> Image.Image:
    return Image.new("L", (width, height), 128)


# Each is read and shows its face.
READ: dict[str, tuple[Make, str]] = {
    "colour": (lambda: FACE, "PNG"),
    "gray": (lambda: FACE.convert("L"), "JPEG"),
    "RGBA": (lambda: FACE.convert("RGBA"), "PNG"),
    "gray with alpha": (lambda: FACE.convert("LA"), "PNG"),
    "16-bit": (lambda: deep(FACE), "PNG"),
    "CMYK": (lambda: FACE.convert("CMYK"), "JPEG"),
    "palette": (lambda: FACE.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "8,000 × 6,000": (lambda: STILL.resize((8000, 6000)), "JPEG"),
    "8,000 × 6,000 in 16 bits": (lambda: deep(STILL.resize((8000, 6000))), "PNG"),
}
SMALLER = "pixels, smaller than the detector's window of 24 × 24. Choose a larger picture."
NO_IMAGE = "photo.png is no readable image. Use a PNG, JPEG, BMP or WebP file that opens elsewhere."
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "smaller than the window": (lambda: encoded(flat(20, 16)), f"is 20 × 16 {SMALLER}"),
    "one row": (lambda: encoded(flat(300, 1)), f"is 300 × 1 {SMALLER}"),
    "one column": (lambda: encoded(flat(1, 300)), f"is 1 × 300 {SMALLER}"),
    "empty": (lambda: b"", NO_IMAGE),
    "text": (lambda: b"no image", NO_IMAGE),
    "cut off": (lambda: encoded(flat(90, 90))[:60], NO_IMAGE),
    "a large one cut off": (lambda: encoded(deep(flat(7000, 6000)))[:9000], NO_IMAGE),
    "HEIC": (
        lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "photo.png is a HEIC photo, which this app does not read. Save it as JPEG or PNG first.",
    ),
    "200 megapixels": (
        lambda: encoded(Image.new("1", (14000, 14000))),
        "photo.png has more than 80 megapixels. Choose a smaller picture.",
    ),
}


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"compress_level": 1} if kind == "PNG" else {}))
    return buffer.getvalue()


def detect(folder: Path, content: bytes) -> tuple[int, str, list]:
    """``emotion detect`` on such a file: its exit code, what it says on stderr, and the boxes."""
    (folder / "photo.png").write_bytes(content)
    done = CliRunner().invoke(main, ["detect", "--json", "--scale-factor", "1.3", str(folder / "photo.png")])
    assert "Traceback" not in done.output
    return done.exit_code, done.stderr, json.loads(done.stdout)[str(folder / "photo.png")] if done.stdout else []


@pytest.fixture(scope="module")
def page() -> AppTest:
    """The last step, where a file is awaited."""
    page = step("detector")
    page.button_group(key="haar.preset").set_value("accurate").run()
    return page.button_group(key="haar.source").set_value("upload").run()


def upload(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader(key="haar.upload").set_value(("photo.png", content, "image/png")).run()
    assert not page.exception
    return page


def shows_the_face(boxes: np.ndarray, width: int) -> bool:
    x, y = (place * width for place in NOSE)
    return any(left < x < right and top < y < bottom for left, top, right, bottom in np.reshape(boxes, (-1, 4)))


@pytest.mark.parametrize("name", READ)
def test_every_kind_of_picture_is_read_by_all_ways(name: str, tmp_path: Path, page: AppTest) -> None:
    make, kind = READ[name]
    image = make()
    content = encoded(image, kind)
    photo = open_scaled(content, "photo.png", LONGEST)
    gray = cv2.cvtColor(photo.bgr, cv2.COLOR_BGR2GRAY)
    assert (photo.width, photo.height) == image.size and max(gray.shape) == min(LONGEST, max(image.size))
    assert shows_the_face(FaceDetector(scale_factor=1.1).detect(gray), gray.shape[1])

    code, said, boxes = detect(tmp_path, content)
    assert code == 0 and shows_the_face(boxes, image.width)
    assert ("was scaled down to 4096 × 3072 pixels" in said) == (image.width == 8000)

    assert not upload(page, content).error and int(metrics(page)["Faces"]) > 0
    assert ("Scaled down to 640 ×" in captions(page)) == photo.scaled


# A face of black and white dots is none to the detector.
@pytest.mark.parametrize("image", [noise(), FACE.convert("1")], ids=["noise", "1-bit"])
def test_what_may_hold_no_face_is_the_same_by_all_ways(image: Image.Image, tmp_path: Path, page: AppTest) -> None:
    content = encoded(image)
    gray = cv2.cvtColor(open_scaled(content, "photo.png", LONGEST).bgr, cv2.COLOR_BGR2GRAY)
    code, said, boxes = detect(tmp_path, content)
    assert (code, said) == (0, "") and boxes == FaceDetector(scale_factor=1.3).detect(gray).tolist()
    assert not upload(page, content).error and metrics(page)["Faces"] == str(len(FaceDetector().detect(gray)))


@pytest.mark.parametrize("name", REFUSED)
def test_the_same_sentence_is_said_by_all_ways(name: str, tmp_path: Path, page: AppTest) -> None:
    make, sentence = REFUSED[name]
    content = make()
    with pytest.raises(UserError) as error:
        gray = open_scaled(content, "photo.png", LONGEST).bgr[..., 0]
        check_size(gray, FaceDetector().window, "photo.png")
    assert str(error.value).endswith(sentence)
    code, said, boxes = detect(tmp_path, content)
    assert code == 2 and said.endswith(f"{sentence}\n") and said.count("\n") == 1 and not boxes
    (shown,) = upload(page, content).error
    assert shown.value.replace("\\", "").endswith(sentence) and not page.metric
