"""What people hand to the Live page by mistake: one clear sentence each, and nothing else is lost."""

import io
import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.errors import UserError
from emotion.haar.detector import ACCURATE, DECK, DetectorSettings, FaceDetector
from emotion.haar.photos import astronaut
from emotion.live.clip import clip_frame
from emotion.live.recorder import Mp4Writer
from tests.live.test_video import write_film
from tests.pages.conftest import open_files

JPEG = cv2.imencode(".jpg", astronaut())[1].tobytes()
PNG = cv2.imencode(".png", astronaut())[1].tobytes()
LONG = "아주 긴 이름 " * 40


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge() -> bytes:
    """A PNG of 3,600 megapixels in a few bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" * 999)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def moving(kind: str) -> bytes:
    """An animated picture whose first frame is the astronaut."""
    first, file = Image.fromarray(astronaut()[..., ::-1]), io.BytesIO()
    first.save(file, kind, save_all=True, append_images=[first.transpose(Image.Transpose.ROTATE_180)])
    return file.getvalue()


NONE = "is no readable image. Use a PNG, JPEG, BMP or WebP file that opens elsewhere."
HEIC = "is a HEIC photo, which this app does not read. Save it as JPEG or PNG first."
PHOTOS = {
    "empty.png": (b"", NONE),
    "no image.jpg": (b"Dear diary, " * 9, NONE),
    "torn.jpg": (JPEG[: len(JPEG) // 2], NONE),
    "torn.png": (PNG[: len(PNG) // 2], NONE),
    "head.jpg": (JPEG[:200], NONE),
    "huge.png": (huge(), "has more than 80 megapixels. Choose a smaller picture."),
    "a gif called.png": (moving("GIF"), NONE),
    "heic.jpg": (struct.pack(">I", 24) + b"ftypheic\0\0\0\0heicmif1" + bytes(200), HEIC),
    f"{LONG}.jpg": (b"", NONE),
}
GOOD = {"moving.webp": moving("WEBP"), f"{LONG} 좋은.jpg": JPEG}
ODD = {"dot.png": (1, 1), "line.png": (1, 3000), "gray.png": (97, 61)}


@pytest.fixture
def page(home, monkeypatch):
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [home / "models"])
    return open_files


def texts(elements) -> str:
    return " ".join(str(element.value) for element in elements).replace("\\", "")


def read(app: AppTest) -> list:
    return list(app.session_state["live.photos.read"].values())


def test_one_photo_after_another(page) -> None:
    app = page("photo")
    for name, (data, says) in PHOTOS.items():
        app.file_uploader("live.photo.upload").set_value((name, data, "image/png")).run()
        assert not app.exception and len(app.error) == 1, name
        assert texts(app.error) == f"{name} {says}"
    for name, data in GOOD.items():
        app.file_uploader("live.photo.upload").set_value((name, data, "image/webp")).run()
        assert not app.exception and not app.error and [len(each.found.faces) for each in read(app)] == [1], name
    for name, size in ODD.items():
        data = cv2.imencode(".png", np.zeros(size, np.uint8))[1].tobytes()
        app.file_uploader("live.photo.upload").set_value((name, data, "image/png")).run()
        assert not app.exception and not app.error and "No face was found" in texts(app.info), name


def test_the_settings_that_are_shown_are_those_of_photos(page) -> None:
    app = page("photo")
    app.file_uploader("live.photo.upload").set_value(("me.jpg", JPEG, "image/jpeg")).run()
    gray = cv2.cvtColor(cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)

    def found() -> list:
        (photo,) = read(app)
        return [face.xyxy.tolist() for face in photo.found.faces]

    def expected(scan: DetectorSettings) -> list:
        return FaceDetector("frontalface_default", *scan).detect(gray).tolist()

    def explained() -> bool:
        return "finer steps: scaleFactor 1.1, minNeighbors 5" in texts(app.caption)

    assert found() == expected(ACCURATE) and explained()
    app.slider("live.scale_factor").set_value(1.5).run()
    assert found() == expected(DetectorSettings(1.5, 5, (40, 40))) and not explained()
    app.slider("live.min_neighbors").set_value(1).run()
    app.segmented_control("live.mode").set_value("deck").run()
    assert found() == expected(DECK) and not explained() and not app.exception
    assert expected(DECK) != expected(DetectorSettings(1.5, 1, (40, 40)))


def test_many_photos_at_once(page, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("photos")
    bad = [(name, data, "image/png") for name, (data, _says) in PHOTOS.items()]
    good = [(name, data, "image/webp") for name, data in GOOD.items()]
    app.file_uploader("live.photos").set_value([*bad, *good]).run()
    assert not app.exception and not app.error
    assert sorted(texts([each]) for each in app.warning) == sorted(f"{n} {says}" for n, (_, says) in PHOTOS.items())
    assert [len(each.found.faces) for each in read(app) if not isinstance(each, UserError)] == [1, 1]
    table = app.dataframe[0].value
    assert list(table["Photo"]) == list(GOOD) and list(table["Face"]) == [1, 1]
    before = read(app)
    monkeypatch.setattr("emotion.ui.live.files.open_scaled", None)  # No photo is opened twice.
    app.run()
    assert not app.exception and read(app) == before and len(app.warning) == len(PHOTOS)
    monkeypatch.undo()
    app.file_uploader("live.photos").set_value([(f"{n}.jpg", JPEG, "image/jpeg") for n in range(61)]).run()
    assert not app.exception and "The first 60 of your 61 photos are read." in texts(app.warning)


def film(frames: int = 12, size: tuple[int, int] = (320, 240)) -> bytes:
    file = Path("film.mp4")
    writer = Mp4Writer(file)
    for number in range(frames):
        writer.write(clip_frame(number / 25, *size), number / 25)
    writer.close()
    return file.read_bytes()


def sound_alone() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        tone = container.add_stream("aac", rate=44100)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.int16), format="s16", layout="mono")
        samples.rate, samples.pts = 44100, 0
        container.mux(tone.encode(samples))
        container.mux(tone.encode())
    return file.getvalue()


def no_frames() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()
    return file.getvalue()


def test_videos(page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # For the films that are made here.
    app, whole, opened = page("video"), film(), "can't be opened as a video: it is empty, damaged"
    from_a_phone = write_film(Path("phone.mp4"), np.arange(12) / 25).read_bytes()  # Its table stands at the end.
    bad = {
        "empty.mp4": (b"", opened),
        "notes.mp4": (b"no film" * 99, opened),
        "cut.mp4": (from_a_phone[: len(from_a_phone) * 2 // 3], opened),
        "cut early.mp4": (whole[: whole.index(b"moov") + 200], "holds no video, or was copied only in part. Choose"),
        "sound.mp4": (sound_alone(), "holds no video, or was copied only in part. Choose an MP4"),
        "nothing.mp4": (no_frames(), "holds no"),
        "torn.mp4": (whole[: whole.index(b"mdat") + 8], "holds no picture that can be decoded. Choose another"),
    }
    read_video(app, f"{LONG}.mp4", whole)
    kept = app.session_state["live.film"]
    assert kept.report.summary.frames == 12
    for name, (data, says) in bad.items():
        read_video(app, name, data)
        assert not app.exception and len(app.error) == 1, name
        assert texts(app.error).startswith(f"{name} {says}"), name
        assert app.session_state["live.film"] is kept and kept.mp4.exists()  # What was read before is not lost.
    for name, data, frames in (("dot.mp4", film(3, (2, 2)), 3), ("a photo called.mp4", JPEG, 1)):
        read_video(app, name, data)
        assert not app.exception and not app.error, name
        assert app.session_state["live.film"].report.summary.frames == frames
    assert not kept.folder.exists()
    data = write_film(Path("torn.mkv"), np.arange(10) / 2, sound=None).read_bytes()
    read_video(app, "torn.mkv", data[: len(data) // 2])
    assert "of 4.5 s: the file was copied only in part" in texts(app.warning)


def test_another_film_takes_away_what_was_wrong_with_the_last(
    page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    app = page("video")
    read_video(app, "cut.mp4", b"no film" * 99)
    assert len(app.error) == 1 and not list((tmp_path / "temp").iterdir())  # The copy of the upload has gone.
    app.button(f"{app.session_state['live.film.job']}.again").click().run()
    for job in jobs.find("live.video."):
        assert job.wait(60)
    assert len(app.run().error) == 1  # Read again, and as bad as before.
    app.file_uploader("live.video").set_value(("film.mp4", film(), "video/mp4")).run()
    assert not app.error
    read_video(app, "film.mp4", film())
    assert not app.exception and not app.error and app.session_state["live.film"].report.summary.frames == 12
    assert "film.mp4 · 320 × 240, read" in texts(app.caption)


def read_video(app: AppTest, name: str, data: bytes) -> None:
    app.file_uploader("live.video").set_value((name, data, "video/mp4")).run()
    app.button("live.video.start").click().run()
    for job in jobs.find("live.video."):
        assert job.wait(60)
    app.run()
