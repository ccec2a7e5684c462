"""How long a frame takes from the camera to its drawing, and what is found in it; beside the course's own loop.

Both run in turns on the very same frames, so that whatever else the computer does slows both: the ratios hold on a busy
machine, the milliseconds only on an idle one. "cpu" is what all cores together spent on the median frame. The course's
loop is a full Haar scan at 1.5 / 5 / 30 × 30 of every frame and ``model.predict`` of the Keras network for each face;
"with a face" are the frames in which it found one: in the others it has nothing to predict or draw.
"""

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.flicker import flicker
from emotion.cnn.bundle import Bundle, find_bundle
from emotion.cnn.classifier import Classifier
from emotion.files import decode_image
from emotion.haar.boxes import iou
from emotion.haar.crop import crop_face
from emotion.haar.detector import ACCURATE, DECK, FaceDetector
from emotion.live.annotate import annotate
from emotion.live.clip import clip_frame
from emotion.live.faces import FrameResult
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.recorder import Mp4Writer
from emotion.live.settings import DECK_LOOP, PipelineSettings
from emotion.live.video import process_video

_DECK_FRAMES = 60  # Of the course's loop: it takes a tenth of a second for each.
_HELD_FRAMES = 45
_SAME_FACE = 0.4


def compare(clips: Sequence[str], photos: str | None, model: str | None, frames: int) -> dict[str, Any]:
    """All figures: times in milliseconds a frame, shares of frames, label changes a second, times real time."""
    bundle = find_bundle(model)
    films: dict[str, Callable[[], Iterator[np.ndarray]]] = {
        "astronaut": lambda: (clip_frame(number / 30) for number in range(frames)),
        "two faces": lambda: map(_two_faces, range(frames)),
        "no face": lambda: map(_no_face, range(frames)),
        **{Path(clip).name: lambda clip=clip: _frames_of(clip, frames) for clip in clips},
    }
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "model": bundle.card.name,
        "clips": {name: _clip(list(film()), bundle) for name, film in films.items()},
        "two models more": _more_models(bundle, frames),
        "label changes a second": flicker(bundle, frames),
        "video file 1280×720": _video_file(bundle, frames),
        "photos": _recall(photos) if photos else None,
    }


def _clip(frames: list[np.ndarray], bundle: Bundle) -> dict[str, Any]:
    """Ours and the course's loop on one clip, in turns."""
    ours = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [Classifier(bundle)])
    settings = PipelineSettings(mode=DECK_LOOP)
    scan = FacePipeline(FaceDetector("frontalface_default", *DECK), [Classifier(bundle)], settings)
    deck, every = _DeckLoop(bundle), max(1, len(frames) // _DECK_FRAMES)
    times: dict[str, list[tuple[float, float]]] = {"ours": [], "deck": [], "deck's scan with our network": []}
    found: dict[str, list[int]] = {"ours": [], "deck": []}
    for number, frame in enumerate(frames):
        result = _timed(times["ours"], _processed, ours, frame, number / 30)
        found["ours"].append(len(result.faces))
        if number % every == 0:
            found["deck"].append(_timed(times["deck"], deck, frame.copy()))
            _timed(times["deck's scan with our network"], _processed, scan, frame, number / 30)
    report: dict[str, Any] = {name: _spread(values[2:]) for name, values in times.items()}
    report["times faster than the deck's loop"] = report["deck"]["median"] / report["ours"]["median"]
    report["times less cpu"] = report["deck"]["cpu"] / report["ours"]["cpu"]
    report["with a face"] = _with_a_face(times, found)
    report["frames with a face"] = {name: float(np.mean(np.array(each) > 0)) for name, each in found.items()}
    report["faces a frame"] = {name: float(np.mean(each)) for name, each in found.items()}
    return report


def _with_a_face(times: dict[str, list[tuple[float, float]]], found: dict[str, list[int]]) -> dict[str, float]:
    """The medians of the frames in which each found a face, and how many times faster ours are; empty without such."""
    medians = {
        name: np.median([time for time, faces in zip(times[name], found[name], strict=True) if faces], axis=0)
        for name in ("ours", "deck")
        if any(found[name])
    }
    if len(medians) < 2:
        return {}
    faster, less = medians["deck"] / medians["ours"]
    return {"ours": medians["ours"][0], "deck": medians["deck"][0], "times faster": faster, "times less cpu": less}


def _processed(pipeline: FacePipeline, frame: np.ndarray, seconds: float) -> FrameResult:
    result = pipeline.process(frame, seconds)
    annotate(frame, result)
    return result


class _DeckLoop:
    """The course's loop: scan, crop, ``model.predict``, rectangle and text; gives the number of faces."""

    def __init__(self, bundle: Bundle) -> None:
        from emotion.cnn.explain import load_network

        self._model = load_network(bundle.path)
        self._size = bundle.card.input.height
        self._cascade = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml")  # type: ignore[attr-defined]

    def __call__(self, frame: np.ndarray) -> int:
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        faces = self._cascade.detectMultiScale(gray, DECK.scale_factor, DECK.min_neighbors, minSize=DECK.min_size)
        for x, y, width, height in faces:
            crop = crop_face(gray, (x, y, x + width, y + height), self._size)
            answer = self._model.predict(crop[np.newaxis, ..., np.newaxis].astype(np.float32), verbose=0)[0]
            cv2.rectangle(frame, (x, y), (x + width, y + height), (0, 255, 255), 2)
            cv2.putText(frame, str(answer.argmax()), (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 255, 255), 2)
        return len(faces)


def _timed(times: list[tuple[float, float]], work: Callable[..., Any], *arguments: Any) -> Any:
    """What ``work`` gives; notes its milliseconds by the clock and of all cores."""
    start, spent = perf_counter(), process_time()
    result = work(*arguments)
    times.append(((perf_counter() - start) * 1000, (process_time() - spent) * 1000))
    return result


def _spread(values: list[tuple[float, float]]) -> dict[str, float]:
    clock, cpu = np.transpose(values)
    return {"median": float(np.median(clock)), "p95": float(np.percentile(clock, 95)), "cpu": float(np.median(cpu))}


def _two_faces(number: int) -> np.ndarray:
    left, right = (clip_frame(number / 30 + later, 320, 240) for later in (0, 4))
    return cv2.copyMakeBorder(np.hstack([left, right[:, ::-1]]), 120, 120, 0, 0, cv2.BORDER_REPLICATE)


def _no_face(number: int) -> np.ndarray:
    """A slow pan over a picture without a face, with as much detail as a room: the astronaut's suit, upside down."""
    suit = cv2.flip(cv2.resize(clip_frame(number / 30, 640, 480)[300:], (640, 480)), 0)
    return np.roll(suit, number, axis=1)


def _frames_of(clip: str, count: int) -> Iterator[np.ndarray]:
    with av.open(clip) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == count:
                return
            yield frame.to_ndarray(format="bgr24")


def _more_models(bundle: Bundle, frames: int) -> dict[str, float]:
    """What age and gender cost together, beside the emotion alone on the same frames."""
    more = [*map(find_bundle, ("age", "gender"))]
    times: dict[str, list[tuple[float, float]]] = {"one model": [], "three models": []}
    pipelines = [
        FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [Classifier(each) for each in bundles])
        for bundles in ([bundle], [bundle, *more])
    ]
    for number in range(frames):
        frame = clip_frame(number / 30)
        for values, pipeline in zip(times.values(), pipelines, strict=True):
            _timed(values, _processed, pipeline, frame, number / 30)
    one, three = (_spread(values) for values in times.values())
    return {
        "one model": one["median"],
        "three models": three["median"],
        "difference": three["median"] - one["median"],
        "difference, cpu": three["cpu"] - one["cpu"],
    }


def _video_file(bundle: Bundle, frames: int) -> dict[str, float]:
    """A 1280 × 720 film at 30 frames a second through the whole way, with sound left out."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        writer = Mp4Writer(film)
        for number in range(frames):
            writer.write(clip_frame(number / 30, 1280, 720), number / 30)
        writer.close()
        pipeline = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [Classifier(bundle)])
        spent = process_time()
        report = process_video(film, pipeline, Path(folder) / "out.mp4", Path(folder) / "out.csv")
        spent = process_time() - spent
    seconds = report.summary.seconds
    return {"seconds": seconds, "took": report.took, "times real time": report.times_real_time, "cpu": spent}


def _recall(photos: str) -> dict[str, Any]:
    """Easy faces found and boxes that are none, on photos with known boxes; beside OpenCV's full scan at 1.1 / 5."""
    ours = FacePipeline(FaceDetector("frontalface_default", *ACCURATE))
    plain = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml")  # type: ignore[attr-defined]
    counts = {name: np.zeros(3) for name in ("ours", "ours, held before the camera", "OpenCV at 1.1/5")}
    pictures = 0
    for picture, known, easy in _photos(photos):
        pictures += 1
        found = plain.detectMultiScale(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 1.1, 5)
        boxes = np.array(found, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        counts["ours"] += _score(_boxes(ours.process_still(picture)), known, easy)
        counts["ours, held before the camera"] += _score(_boxes(_held(picture)), known, easy)
        counts["OpenCV at 1.1/5"] += _score(boxes, known, easy)
    return {
        name: {"recall of the easy": float(hit / all_easy), "false positives a picture": float(wrong / pictures)}
        for name, (hit, all_easy, wrong) in counts.items()
    }


def _held(picture: np.ndarray) -> FrameResult:
    """What the Live page sees of a photo that is held before the camera for a second and a half."""
    pipeline = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN))
    return [pipeline.process(picture, number / 30) for number in range(_HELD_FRAMES)][-1]


def _boxes(result: FrameResult) -> np.ndarray:
    return np.array([face.xyxy for face in result.faces], np.float32).reshape(-1, 4)


def _score(found: np.ndarray, known: np.ndarray, easy: np.ndarray) -> np.ndarray:
    """Easy faces found, easy faces in all, boxes found that are no face."""
    overlaps = iou(known, found) if len(found) else np.zeros((len(known), 0))
    hit = overlaps.max(axis=1, initial=0) >= _SAME_FACE
    wrong = (overlaps.max(axis=0, initial=0) < _SAME_FACE).sum()
    return np.array([(hit & easy).sum(), easy.sum(), wrong], np.float64)


def _photos(path: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Picture, known boxes (N, 4) and which of them are easy, from a zip with ``boxes.json``."""
    with zipfile.ZipFile(io.BytesIO(Path(path).read_bytes())) as archive:
        listed = next(name for name in archive.namelist() if name.endswith("boxes.json"))
        places = {Path(name).name: name for name in archive.namelist()}
        for name, boxes in json.loads(archive.read(listed)).items():
            known = np.array([box["xywh"] for box in boxes], np.float32).reshape(-1, 4)
            known[:, 2:] += known[:, :2]
            yield decode_image(archive.read(places[name]), name), known, np.array([box["easy"] for box in boxes], bool)


def lines(report: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    shown = [f"{report['model']}, {report['cores']} cores, load {report['load'] or 0:.1f}"]
    for name, clip in report["clips"].items():
        ours, deck, faces = clip["ours"], clip["deck"], clip["frames with a face"]
        faster = clip["times faster than the deck's loop"]
        shown.append(
            f"{name}: {ours['median']:.1f} ms a frame (p95 {ours['p95']:.1f}, cpu {ours['cpu']:.1f}), the deck's loop "
            f"{deck['median']:.1f} (cpu {deck['cpu']:.1f}), {faster:.1f} × faster"
        )
        if face := clip["with a face"]:
            shown.append(f"{name}: {face['times faster']:.1f} × faster on frames in which each found a face")
        shown.append(f"{name}: a face in {faces['ours']:.1%} of the frames, the deck's loop {faces['deck']:.1%}")
    for name in ("two models more", "label changes a second", "video file 1280×720", "photos"):
        for key, value in (report[name] or {}).items():
            text = ", ".join(f"{k} {v:.3f}" for k, v in value.items()) if isinstance(value, dict) else f"{value:.2f}"
            shown.append(f"{name}: {key} {text}")
    return shown
