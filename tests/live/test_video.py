"""Films in and out, made here by ffmpeg's own encoders and read back by them."""

import csv
import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from emotion.jobs import Cancelled
from emotion.live.clip import clip_frame
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.recorder import Recorder
from emotion.live.video import Overlay, process_video


def write_film(
    path: Path, times, size=(320, 240), sound="aac", codec="libx264", seconds_of_sound=None, options=None, ticks=1000
):
    """The astronaut at these times (seconds), with a tone as long as the film unless told otherwise."""
    with av.open(str(path), "w", options=options or {}) as container:
        video = container.add_stream(codec, rate=30)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, ticks)
        tone = container.add_stream(sound, rate=44100) if sound else None
        for time in times:
            frame = av.VideoFrame.from_ndarray(clip_frame(time, *size), format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(time * ticks), Fraction(1, ticks)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if tone:
            wave = (3000 * np.sin(np.arange(int(44100 * (seconds_of_sound or times[-1]))) / 16)).astype(np.int16)[None]
            samples = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            samples.rate, samples.pts = 44100, 0
            container.mux(tone.encode(samples))
            container.mux(tone.encode())
    return path


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "필름.mp4", np.arange(15) / 25)


@pytest.fixture
def pipeline(make_classifier):
    return FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [make_classifier()])


def read(path):
    """Times of the frames, the first frame, and the seconds of sound."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sound = container.streams.audio
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0)) if sound else 0
    return [time for time, _ in frames], frames[0][1], seconds


def test_a_film_comes_back_with_its_drawing_its_sound_and_a_table(film, pipeline, tmp_path):
    told = []
    report = process_video(
        film, pipeline, tmp_path / "out.mp4", tmp_path / "out.csv", Overlay(), lambda *step: told.append(step)
    )
    assert (report.summary.frames, report.size, report.broken) == (15, (320, 240), 0)
    assert report.summary.with_faces >= 14 and report.times_real_time > 0
    assert told[-1] == (15, 15) and [done for done, _ in told] == list(range(1, 16))
    times, first, seconds = read(tmp_path / "out.mp4")
    original_times, original, original_seconds = read(film)
    assert times == pytest.approx(original_times, abs=1e-3)
    assert seconds == pytest.approx(original_seconds, abs=0.05) and seconds > 0.4
    assert np.abs(first.astype(int) - original).max() > 60  # The box.
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) >= 14 and rows[-1]["seconds"] == "0.560" and rows[0]["face"] == rows[-1]["face"]
    assert float(rows[0]["brightness: happy"]) + float(rows[0]["brightness: sad"]) == pytest.approx(1, abs=1e-3)
    assert not list(tmp_path.glob(".*"))


def test_a_variable_frame_rate_keeps_its_times(pipeline, tmp_path):
    times = [0, 0.04, 0.3, 0.31, 0.9]
    film = write_film(tmp_path / "vfr.mp4", np.array(times))
    process_video(film, pipeline, tmp_path / "out.mp4")
    assert read(tmp_path / "out.mp4")[0] == pytest.approx(times, abs=2e-3)


@pytest.mark.parametrize(("degrees", "matrix"), [(90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))])
def test_a_phone_s_rotation_is_applied(film, pipeline, tmp_path, degrees, matrix):
    """The matrix of the track's header is ISO/IEC 14496-12's; QuickTime's 90 is a film to be turned clockwise."""
    data = film.read_bytes()
    place = data.index(b"tkhd") + 4 + 40
    plain = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    assert data[place : place + 36] == plain
    a, b, c, d = (value * 65536 for value in matrix)
    turned = data[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[place + 36 :]
    (tmp_path / "turned.mp4").write_bytes(turned)
    report = process_video(tmp_path / "turned.mp4", pipeline, tmp_path / "out.mp4")
    assert report.size == ((320, 240) if degrees == 180 else (240, 320))
    expected = np.rot90(read(film)[1], -degrees // 90)
    found = read(tmp_path / "out.mp4")[1]
    assert found.shape == expected.shape and np.abs(found.astype(int) - expected).mean() < 12


def test_other_formats_and_films_without_sound(pipeline, tmp_path):
    film = write_film(tmp_path / "a.mkv", np.arange(6) / 25, sound="pcm_s16le")
    process_video(film, pipeline, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    reordered = write_film(tmp_path / "b.avi", np.arange(10) / 25, sound=None, ticks=25)  # With H.264's B-frames.
    assert process_video(reordered, pipeline, tmp_path / "b.mp4").summary.frames == 10
    times = np.array(read(tmp_path / "b.mp4")[0])
    assert times - times[0] == pytest.approx(np.arange(10) / 25, abs=1e-3) and times[0] <= 0.08
    silent = write_film(tmp_path / "b.avi", np.arange(6) / 25, size=(162, 122), sound=None, codec="mpeg4")
    assert process_video(silent, pipeline, tmp_path / "b.mp4").size == (162, 122)
    assert read(tmp_path / "b.mp4")[2] == 0


def test_a_larger_film_comes_back_in_4k(pipeline, tmp_path):
    film = write_film(tmp_path / "wide.mp4", np.arange(2) / 25, size=(4000, 200), sound=None)
    assert process_video(film, pipeline, tmp_path / "out.mp4").size == (3840, 192)
    assert read(tmp_path / "out.mp4")[1].shape == (192, 3840, 3)


def test_cancelling_leaves_nothing(film, pipeline, tmp_path):
    def stop(done, total):
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        process_video(film, pipeline, tmp_path / "out.mp4", tmp_path / "out.csv", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == [film.name]


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_a_film_that_is_torn_off_is_taken_as_far_as_it_goes(pipeline, tmp_path, name):
    # Four seconds; a phone's film has its index in front where it is made for the web.
    options = {"movflags": "faststart"} if name == "a.mov" else {}
    film = write_film(tmp_path / name, np.arange(20) / 5, sound=None, options=options)
    assert not process_video(film, FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [])).cut_off
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    report = process_video(film, pipeline, tmp_path / "out.mp4")
    assert 0 < report.summary.frames < 20 and len(read(tmp_path / "out.mp4")[0]) == report.summary.frames
    assert report.cut_off and report.length == pytest.approx(4, abs=0.25)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_film_that_is_whole_is_not_called_cut_off(pipeline, tmp_path, name):
    sound = write_film(tmp_path / name, [0, 0.04, 0.08], seconds_of_sound=4)
    with av.open(str(sound)) as container:
        assert container.duration > 3.9e6
    report = process_video(sound, pipeline)
    assert not report.cut_off and report.length == pytest.approx(0.12, abs=0.03)
    sound.write_bytes(sound.read_bytes().replace(b"DURATION", b"DURATIOX"))  # As other programs write Matroska.
    told = []
    fresh = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [])
    assert not process_video(sound, fresh, progress=lambda *step: told.append(step)).cut_off
    assert told[0][1] >= 3  # The bar is not full at the first frame.
    for times in (np.arange(6) * 5, 10 + np.arange(20) / 10):  # A slide show; one that begins late.
        fresh = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [])
        report = process_video(write_film(tmp_path / name, times, sound=None), fresh)
        assert not report.cut_off and 1.8 < report.length < report.read + 0.1


def test_a_damaged_beginning_of_an_avi_leaves_the_others_their_time(pipeline, tmp_path):
    film = write_film(tmp_path / "a.avi", np.arange(30) / 25, sound=None, codec="mpeg4", ticks=25)
    whole = read(film)[0]
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    film.write_bytes(film.read_bytes().replace(packets[0], bytes(len(packets[0]))))
    process_video(film, pipeline, tmp_path / "b.mp4")
    times = read(tmp_path / "b.mp4")[0]
    assert 10 < len(times) < 30 and times[-1] == pytest.approx(whole[-1], abs=0.05)


def test_damaged_sound_costs_no_picture(pipeline, tmp_path):
    film = write_film(tmp_path / "a.mkv", np.arange(20) / 25, sound="flac")
    whole = read(film)[2]
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = film.read_bytes()
    for packet in packets[2:4]:
        data = data.replace(packet, bytes(len(packet)))
    film.write_bytes(data)
    report = process_video(film, pipeline, tmp_path / "out.mp4")
    assert (report.summary.frames, report.broken) == (20, 2)
    times, _first, seconds = read(tmp_path / "out.mp4")
    assert len(times) == 20 and 0.3 * whole < seconds < whole


@pytest.mark.parametrize("content", [b"", b"no film at all" * 100])
def test_what_is_no_film_is_refused(pipeline, tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.mp4 can't be opened as a video"):
        process_video(tmp_path / "x.mp4", pipeline, tmp_path / "out.mp4")
    with pytest.raises(UserError, match="can't be opened as a video"):
        process_video(tmp_path / "none.mp4", pipeline)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("out", "table"), [("필름.mp4", None), ("sub/../필름.mp4", None), ("o.csv", "o.csv"), (None, "필름.mp4")]
)
def test_no_file_is_written_over_what_is_read_or_twice(film, pipeline, tmp_path, out, table):
    before = film.read_bytes()
    (tmp_path / "sub").mkdir()
    with pytest.raises(UserError, match="read and written at once, or written twice"):
        process_video(film, pipeline, *(name and tmp_path / name for name in (out, table)))
    assert film.read_bytes() == before and not (tmp_path / "o.csv").exists()


def test_rows_that_find_no_room_in_the_table_are_counted(film, pipeline, tmp_path, monkeypatch):
    monkeypatch.setattr("emotion.live.log.ROWS_AT_MOST", 10)
    assert process_video(film, pipeline, table=tmp_path / "t.csv").rows_left_out == 5


def test_a_place_that_can_t_be_written_is_named(film, pipeline, tmp_path):
    with pytest.raises(UserError, match="can't be written"):
        process_video(film, pipeline, tmp_path / "no" / "out.mp4")


def test_odd_sizes_and_a_change_of_size_are_recorded(tmp_path):
    recorder = Recorder(tmp_path / "out.mp4")
    for number, size in enumerate([(321, 241), (321, 241), (160, 120)]):
        recorder.write(clip_frame(number / 25, *size), 100 + number / 25)
    recorder.close()
    recorder.write(clip_frame(0), 101)  # After the end it counts for nothing.
    times, first, _ = read(tmp_path / "out.mp4")
    assert times == pytest.approx([0, 0.04, 0.08], abs=1e-3) and first.shape == (240, 320, 3)
    assert (recorder.frames, recorder.dropped) == (3, 0)


def test_a_recording_ends_by_itself(tmp_path):
    recorder = Recorder(tmp_path / "out.mp4", longest=1.0)
    for second in (0, 0.5, 1.0, 1.5):
        recorder.write(clip_frame(0, 160, 120), second)
    assert recorder.full
    recorder.close()
    assert recorder.frames == 3


def test_a_disk_that_is_gone_is_told_when_the_recording_is_fetched(tmp_path):
    recorder = Recorder(tmp_path / "no" / "out.mp4")
    for second in range(20):
        recorder.write(clip_frame(0, 160, 120), second)
    with pytest.raises(UserError, match="could not be recorded"):
        recorder.close()


def test_an_empty_recording_is_no_error(tmp_path):
    Recorder(tmp_path / "out.mp4").close()
    assert not list(tmp_path.iterdir())


def test_a_model_that_cannot_answer_is_named(film, pipeline, monkeypatch):
    def fail(faces):
        raise RuntimeError("no memory")

    (model,) = pipeline.classifiers
    monkeypatch.setattr(model, "predict", fail)
    report = process_video(film, pipeline)
    assert report.summary.with_faces == 15 and not report.summary.models
    assert {name: str(error) for name, error in report.problems.items()} == {model.bundle.card.name: "no memory"}
