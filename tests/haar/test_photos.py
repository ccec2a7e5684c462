"""Photos: what is opened, what is refused before it is decoded."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from emotion.errors import UserError
from emotion.haar.photos import astronaut, draw_boxes, open_photo, open_scaled, shrink, webcam_still


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def test_the_samples_are_the_callers_own():
    assert astronaut().shape == (512, 512, 3) and webcam_still().shape == (480, 640, 3)
    astronaut()[:] = 0
    assert astronaut().any()


def test_the_astronaut_is_bgr():
    np.testing.assert_array_equal(astronaut()[..., ::-1], data.astronaut())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_open_photo_gives_bgr(kind):
    photo = open_photo(encoded(Image.new("RGB", (3, 2), (200, 0, 0)), kind), "red")
    assert photo.shape == (2, 3, 3) and photo[0, 0, 2] > 190 and photo[0, 0, 0] < 10


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", encoded(Image.new("L", (9, 9)))[:40]])
def test_an_unreadable_photo_is_named(content):
    with pytest.raises(UserError, match=r"holiday\.png is no readable image"):
        open_photo(content, "holiday.png")


def test_another_format_is_refused_undecoded(monkeypatch):
    monkeypatch.setattr("emotion.files.cv2.imdecode", lambda *_: pytest.fail("decoded before its size was known"))
    for kind in ("TIFF", "PPM", "GIF"):  # OpenCV reads them, however large they are.
        with pytest.raises(UserError, match=r"scan\.png is no readable image"):
            open_photo(encoded(Image.new("1", (9000, 900)), kind), "scan.png")


@pytest.mark.parametrize("side", [6400, 9500, 14000])  # Past our limit, and past Pillow's warning and refusal.
def test_a_huge_photo_is_refused_by_its_header(side):
    content = encoded(Image.new("1", (side, side)))
    with pytest.raises(UserError, match="more than 40 megapixels"):
        open_photo(content, "huge.png")


def test_shrink_keeps_the_shape_and_small_pictures():
    picture = np.zeros((300, 600, 3), np.uint8)
    assert shrink(picture, 200).shape == (100, 200, 3)
    assert shrink(picture, 600) is picture
    assert shrink(np.zeros((1, 5000), np.uint8), 100).shape == (1, 100)


def test_draw_boxes_frames_a_copy():
    picture = np.zeros((9, 9, 3), np.uint8)
    drawn = draw_boxes(picture, np.array([[2, 3, 7, 8]], np.float32), (1, 2, 3), thickness=1)
    assert not picture.any()
    frame = cv2.inRange(drawn, (1, 2, 3), (1, 2, 3)) > 0
    assert frame[3, 2:7].all() and frame[7, 2:7].all() and not frame[4:7, 3:6].any() and not frame[8].any()
    np.testing.assert_array_equal(draw_boxes(picture, np.empty((0, 4), np.float32), (1, 2, 3), 1), picture)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_scaled_and_keeps_its_size_for_a_note(kind):
    image = Image.new("RGB", (8000, 6000), (200, 0, 0))
    image.paste((0, 0, 200), (0, 0, 8000, 3000))
    photo = open_scaled(encoded(image, kind), "large", 800)
    assert photo.bgr.shape == (600, 800, 3) and (photo.width, photo.height) == (8000, 6000) and photo.scaled
    assert photo.bgr[10, 10, 0] > 190 and photo.bgr[590, 10, 2] > 190 and photo.bgr[590, 10, 0] < 10


def test_a_large_photo_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned to the left: the first row is the right side.
    image = Image.new("L", (8000, 6000))
    image.paste(255, (0, 0, 8000, 3000))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    photo = open_scaled(buffer.getvalue(), "turned", 400)
    assert photo.bgr.shape == (400, 300, 3) and (photo.width, photo.height) == (6000, 8000)
    assert (photo.bgr[:, 200:] > 250).all() and (photo.bgr[:, :100] < 5).all()


def test_a_small_photo_is_not_scaled_and_a_broken_one_named():
    assert not open_scaled(encoded(Image.new("L", (30, 20))), "small", 800).scaled
    large = encoded(Image.new("L", (7000, 6000)), "JPEG")
    for broken in (b"no image", large[:2000]):
        with pytest.raises(UserError, match="broken is no readable image"):
            open_scaled(broken, "broken", 800)
    with pytest.raises(UserError, match="megapixels"):
        open_scaled(encoded(Image.new("1", (14000, 14000))), "huge", 800)


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("I;16", "PNG"), ("P", "PNG")]
)
def test_photos_of_every_mode_become_bgr(mode, kind):
    photo = open_photo(encoded(Image.new(mode, (40, 30)), kind), "photo")
    assert photo.shape == (30, 40, 3) and photo.dtype == np.uint8


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_heic_photo_is_called_one(brand):
    with pytest.raises(UserError, match=r"phone\.heic is a HEIC photo"):
        open_photo(b"\0\0\0\x18ftyp" + brand + bytes(200), "phone.heic")


def test_a_large_photo_in_16_bits_is_scaled_and_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = np.zeros((6000, 8000), np.uint16)
    deep[:3000] = 40_000  # The right side, when it is upright: 156 in 8 bits.
    buffer = io.BytesIO()
    Image.fromarray(deep).save(buffer, "PNG", exif=exif, compress_level=1)
    photo = open_scaled(buffer.getvalue(), "deep", 400)
    assert photo.bgr.shape == (400, 300, 3) and (photo.width, photo.height) == (6000, 8000)
    assert (photo.bgr[:, 200:] == 156).all() and not photo.bgr[:, :100].any()
