"""``emotion video``: a film with the faces' boxes and labels, and a table of every probability."""

from pathlib import Path
from typing import Any

import click

from emotion.cli.common import as_json, classifiers_of, counter, models_option, path_argument, say
from emotion.i18n import LANGUAGES


@click.command()
@click.argument("source", type=path_argument)
@click.option("--out", type=path_argument, help="The annotated film, an MP4; the sound is kept.")
@click.option("--csv", "table", type=path_argument, help="A row for each face of each frame.")
@models_option
@click.option("--no-model", is_flag=True, help="Only find the faces.")
@click.option("--cascade", default="frontalface_default", show_default=True)
@click.option("--smoothing", type=float, default=0.3, show_default=True, help="Seconds; 0 for raw answers.")
@click.option("--profile", is_flag=True, help="Look for faces from the side as well.")
@click.option("--blur", is_flag=True, help="Make the faces unrecognisable.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@as_json
def video(
    source: Path,
    out: Path | None,
    table: Path | None,
    models: tuple[str, ...],
    no_model: bool,
    cascade: str,
    smoothing: float,
    profile: bool,
    blur: bool,
    language: str,
    as_json: bool,
) -> None:
    """Find and read the faces of a film; Ctrl-C ends it and leaves nothing half-done."""
    from emotion.haar.detector import FaceDetector
    from emotion.live.pipeline import LIVE_SCAN, FacePipeline
    from emotion.live.settings import Look, PipelineSettings
    from emotion.live.video import Overlay, process_video

    classifiers = [] if no_model else classifiers_of(models)
    settings = PipelineSettings(smoothing=smoothing, profile=profile)
    pipeline = FacePipeline(FaceDetector(cascade, *LIVE_SCAN), classifiers, settings)
    overlay = Overlay(language, look=Look(blur=blur, bars=True))
    found = process_video(source, pipeline, out, table, overlay, counter("frames"))
    report = _report(found)
    say(report, as_json, lambda: "\n".join(_lines(report)))


def _report(found: Any) -> dict[str, Any]:
    summary = found.summary
    return {
        "frames": summary.frames,
        "seconds": summary.seconds,
        "with_faces": summary.with_faces,
        "most_faces": summary.most_faces,
        "broken_frames": found.broken,
        "length": found.length,
        "read": found.read,
        "cut_off": found.cut_off,
        "rows_left_out": found.rows_left_out,
        "problems": {name: str(error) for name, error in found.problems.items()},
        "size": list(found.size),
        "took": found.took,
        "times_real_time": found.times_real_time,
        "models": {
            name: {
                "mean": dict(zip(model.classes, model.mean.tolist(), strict=True)),
                "valence": model.valence,
            }
            for name, model in summary.models.items()
        },
    }


def _lines(report: dict[str, Any]) -> list[str]:
    from emotion.live.video import CUT_OFF

    lines = [
        f"{report['frames']:,} frames, {report['seconds']:.1f} s, {report['size'][0]} × {report['size'][1]}; faces in "
        f"{report['with_faces']:,}, {report['most_faces']} at once at most",
        f"took {report['took']:.1f} s: {report['times_real_time']:.1f} × real time",
    ]
    for name, model in report["models"].items():
        first = sorted(model["mean"].items(), key=lambda pair: -pair[1])[:3]
        lines.append(f"{name}: " + ", ".join(f"{key} {share:.0%}" for key, share in first))
    lines += [f"{name} could not answer: {why}" for name, why in report["problems"].items()]
    if report["broken_frames"]:
        lines.append(f"{report['broken_frames']} broken pieces were left out")
    if report["rows_left_out"]:
        lines.append(f"{report['rows_left_out']:,} more rows found no room in the table")
    if report["cut_off"]:
        lines.append(CUT_OFF.format(read=f"{report['read']:.1f}", length=f"{report['length']:.1f}"))
    return lines
