"""``emotion video`` and ``emotion bench live`` as a person calls them."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.live.clip import clip_frame
from emotion.live.recorder import Mp4Writer
from tests.live.test_video import write_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    writer = Mp4Writer(tmp_path / "film.mp4")
    for number in range(8):
        writer.write(clip_frame(number / 25, 320, 240), number / 25)
    writer.close()
    return tmp_path / "film.mp4"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_film_with_its_table(trained: Path, film: Path, tmp_path: Path) -> None:
    tiny = trained / "models" / "tiny"
    out, table = tmp_path / "out.mp4", tmp_path / "out.csv"
    report = json.loads(run("video", film, "--out", out, "--csv", table, "--model", tiny, "--json"))
    assert (report["frames"], report["most_faces"], report["size"]) == (8, 1, [320, 240])
    assert sum(report["models"]["tiny"]["mean"].values()) == pytest.approx(1, abs=1e-3)
    with av.open(str(out)) as container:
        drawn = next(container.decode(video=0)).to_ndarray(format="bgr24")
    assert np.abs(drawn.astype(int) - clip_frame(0, 320, 240)).max() > 60
    assert table.read_text(encoding="utf-8-sig").startswith("seconds,face,left,top,right,bottom,tiny: angry")


def test_a_film_that_was_copied_only_in_part_says_so(tmp_path: Path) -> None:
    torn = write_film(tmp_path / "torn.mkv", np.arange(10) / 2, sound=None)
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    assert "of 4.5 s: the file was copied only in part" in run("video", torn, "--no-model")
    assert json.loads(run("video", torn, "--no-model", "--json"))["cut_off"]


def test_detection_alone_prints_what_was_found(film: Path) -> None:
    assert "8 frames, 0.3 s, 320 × 240; faces in" in run("video", film, "--no-model")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/no/such.mp4"], "can't be opened as a video"),
        (["FILM", "--model", "nope"], "no model “nope”"),
        (["FILM", "--no-model", "--cascade", "nose"], "There is no cascade nose"),
        (["FILM", "--no-model", "--smoothing", "-1"], "smoothing"),
    ],
)
def test_a_mistake_is_one_clear_line(film: Path, arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["video", *(str(film) if part == "FILM" else part for part in arguments)])
    assert done.exit_code == 2 and says in done.stderr and done.stderr.count("\n") == 1


def test_the_benchmark_measures_both_loops_on_the_same_clips(
    trained: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.live._DECK_FRAMES", 4)
    report = json.loads(
        run("bench", "live", "--model", trained / "models" / "tiny", "--frames", 10, "--clip", film, "--json")
    )
    assert list(report["clips"]) == ["astronaut", "two faces", "no face", "film.mp4"]
    for clip in report["clips"].values():
        assert clip["times faster than the deck's loop"] == clip["deck"]["median"] / clip["ours"]["median"] > 0
    assert report["clips"]["no face"]["frames with a face"] == {"ours": 0, "deck": 0}
    assert report["video file 1280×720"]["seconds"] == pytest.approx(9 / 30)
