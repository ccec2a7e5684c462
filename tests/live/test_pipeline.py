import cv2
import numpy as np
import pytest

from emotion.cnn.bundle import default_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.errors import UserError
from emotion.haar.boxes import covered, iou
from emotion.haar.detector import DECK, FaceDetector
from emotion.haar.photos import astronaut
from emotion.labels import EMOTIONS
from emotion.live import detection
from emotion.live.clip import PERIOD, clip_frame
from emotion.live.detection import FaceFinder, mirrored_boxes
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.settings import DECK_LOOP, PipelineSettings

FACE = np.array([[177, 66, 272, 161]], np.float32)  # Where the astronaut's face is, in her photo's pixels.


@pytest.fixture(autouse=True)
def idle(monkeypatch):
    """A computer on which a scan takes no time: what is scanned must not hang on what else this one does."""
    monkeypatch.setattr(detection, "perf_counter", lambda: 0.0)


@pytest.fixture
def live_detector():
    return FaceDetector("frontalface_default", *LIVE_SCAN)


def overlap(face, scale=1.0):
    return iou(face.xyxy[None], FACE * scale)[0, 0]


def test_a_still_picture(make_classifier):
    result = FacePipeline(FaceDetector(), [make_classifier()]).process_still(astronaut())
    assert overlap(result.largest) > 0.6
    assert result.largest.track_id in range(len(result.faces))
    assert set(result.timings_ms) == {"detect", "classify", "total"}
    assert result.timings_ms["total"] >= result.timings_ms["detect"]


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_boxes_are_in_pixels_of_the_frame(live_detector, scale):
    frame = cv2.resize(astronaut(), None, fx=scale, fy=scale)
    pipeline = FacePipeline(live_detector)
    results = [pipeline.process(frame, number / 25) for number in range(5)]  # In the first one, only large faces.
    assert overlap(results[-1].largest, scale) > 0.6
    assert results[-1].largest.predictions == {}


def test_each_classifier_is_asked_once_for_all_faces_in_its_own_size(make_classifier):
    small, large = make_classifier("small", 48), make_classifier("large", 64)
    two = np.hstack([astronaut(), astronaut()])
    result = FacePipeline(FaceDetector(), [small, large], PipelineSettings(detection_size=1024)).process(two, 0.0)
    assert len(result.faces) >= 2
    assert small.batches == [(len(result.faces), 48, 48)]
    assert large.batches == [(len(result.faces), 64, 64)]
    assert all(list(face.predictions) == ["small", "large"] for face in result.faces)


def test_no_face_asks_no_classifier(make_classifier, live_detector):
    classifier = make_classifier()
    result = FacePipeline(live_detector, [classifier]).process(np.zeros((480, 640, 3), np.uint8), 0.0)
    assert result.faces == ()
    assert classifier.batches == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (479, 641), (33, 47), (900, 300)])
def test_any_size_of_frame(live_detector, shape):
    frame = np.full((*shape, 3), 128, np.uint8)
    assert FacePipeline(live_detector).process(frame, 0.0).faces == ()


def test_a_gray_camera_sends_three_equal_channels(live_detector):
    gray = cv2.cvtColor(clip_frame(0), cv2.COLOR_BGR2GRAY)
    assert FacePipeline(live_detector).process(np.dstack([gray] * 3), 0.0).faces


@pytest.mark.parametrize(
    "frame", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), "u1")]
)
def test_what_is_no_colour_frame_is_refused(live_detector, frame):
    with pytest.raises(ValueError, match=r"expected a frame uint8 \(H, W, 3\), received"):
        FacePipeline(live_detector).process(frame, 0.0)


def test_the_clip_shows_one_person_all_the_time(live_detector, make_classifier):
    pipeline = FacePipeline(live_detector, [make_classifier()])
    results = [pipeline.process(clip_frame(second), second) for second in np.arange(0, PERIOD, 0.2)]
    found = [result.largest for result in results if result.faces]
    assert len(found) >= 0.95 * len(results)
    assert {face.track_id for face in found} == {found[0].track_id}
    assert min(face.xyxy[2] - face.xyxy[0] for face in found) >= 100
    assert all("brightness" in face.predictions for face in found)


def test_the_clip_is_smooth_and_periodic():
    assert np.array_equal(clip_frame(1.0), clip_frame(1.0 + PERIOD))
    assert clip_frame(0, 320, 240).shape == (240, 320, 3)
    assert not np.array_equal(clip_frame(0), clip_frame(1))


def test_a_face_that_is_missed_keeps_its_box_and_its_answer(live_detector, make_classifier):
    classifier = make_classifier()
    pipeline = FacePipeline(live_detector, [classifier], PipelineSettings(reading_interval=0))
    before = [pipeline.process(clip_frame(second), second).largest for second in (0.0, 0.04, 0.08)][-1]
    after = pipeline.process(np.zeros((480, 640, 3), np.uint8), 0.12)
    assert after.largest.track_id == before.track_id
    assert after.largest.predictions["brightness"].label == before.predictions["brightness"].label
    assert len(classifier.batches) == 3
    assert pipeline.process(np.zeros((480, 640, 3), np.uint8), 1.0).faces == ()


def test_classifiers_may_be_replaced_between_two_frames(live_detector, make_classifier):
    pipeline = FacePipeline(live_detector, [make_classifier("old")])
    before = pipeline.process(clip_frame(0), 0.0).largest
    pipeline.classifiers = (make_classifier("new"),)
    after = pipeline.process(clip_frame(0), 0.04).largest
    assert after.track_id == before.track_id
    assert list(after.predictions) == ["new"]


def test_the_shipped_model_reads_the_astronaut(live_detector):
    bundle = default_bundle(scan_bundles()[0])
    if bundle is None:
        pytest.skip("no bundle ships yet: models/emotion or models/emotion-deck")
    result = FacePipeline(live_detector, [Classifier(bundle)]).process(clip_frame(0), 0.0)
    prediction = result.largest.predictions[bundle.card.name]
    assert prediction.classes == tuple(label.key for label in EMOTIONS)
    assert prediction.label == "happy"


def test_the_decks_loop_is_a_plain_full_scan_without_memory(live_detector, make_classifier):
    pipeline = FacePipeline(live_detector, [make_classifier()], PipelineSettings(mode=DECK_LOOP))
    for second in (0.0, 3.0, 6.0):
        frame = clip_frame(second)
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        expected = FaceDetector("frontalface_default", *DECK).detect(gray)
        found = [face.xyxy for face in pipeline.process(frame, second).faces]
        np.testing.assert_array_equal(np.array(found).reshape(-1, 4), expected)


def test_who_is_hidden_stays_hidden_in_the_deck_s_loop_where_a_face_is_missed(live_detector):
    pipeline = FacePipeline(live_detector, settings=PipelineSettings(mode=DECK_LOOP))
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[50 : 50 + 400, 100 : 100 + 400] = cv2.resize(astronaut()[40:200, 150:310], (400, 400))
    found = pipeline.process(frame, 0.0)
    assert found.largest and not found.lately
    for second in (0.04, 0.6, 1.9):
        missed = pipeline.process(np.zeros_like(frame), second)
        assert missed.faces == () and covered(found.largest.xyxy[None], np.array(missed.lately)).max() > 0.99
    assert pipeline.process(np.zeros_like(frame), 9.0).lately == ()


def test_every_knob_may_be_turned_while_it_runs(live_detector, make_classifier):
    pipeline = FacePipeline(live_detector, [make_classifier()])
    before = pipeline.process(clip_frame(0), 0.0).largest
    pipeline.settings = PipelineSettings(smoothing=0, profile=True, unsure_below=1.0)
    after = pipeline.process(clip_frame(0.1), 0.1).largest
    assert after.track_id == before.track_id and after.predictions["brightness"].unsure
    pipeline.detector = FaceDetector("frontalface_alt2", 1.1, 3)
    assert pipeline.process(clip_frame(0.14), 0.14).largest.track_id == before.track_id


@pytest.mark.parametrize("wrong", [{"mode": "slow"}, {"smoothing": -1}, {"detection_size": 3}, {"unsure_below": 1.5}])
def test_a_setting_out_of_range_is_explained(wrong):
    with pytest.raises(UserError, match=str(next(iter(wrong.values())))):
        PipelineSettings(**wrong)


def test_a_broken_model_leaves_the_others_at_work(live_detector, make_classifier):
    class Broken(type(make_classifier())):
        def predict(self, faces):
            raise RuntimeError("no answer")

    pipeline = FacePipeline(live_detector, [Broken("broken"), make_classifier("fine")])
    result = pipeline.process(clip_frame(0), 0.0)
    assert list(result.largest.predictions) == ["fine"]
    assert {name: str(error) for name, error in result.problems.items()} == {"broken": "no answer"}


@pytest.mark.parametrize(("interval", "readings"), [(0.0, [4, 4, 4]), (0.1, [4, 3, 3]), (0.25, [2, 2, 2])])
def test_models_are_asked_by_turns(live_detector, make_classifier, interval, readings):
    """Ten frames in 0.36 s: a new face is asked about by all, then one model a frame, none before its interval."""
    models = [make_classifier(name) for name in ("emotion", "age", "gender")]
    pipeline = FacePipeline(live_detector, models, PipelineSettings(reading_interval=interval))
    for number in range(10):
        asked = sum(len(model.batches) for model in models)
        face = pipeline.process(clip_frame(number / 25), number / 25).largest
        assert list(face.predictions) == ["emotion", "age", "gender"]
        assert sum(len(model.batches) for model in models) - asked <= (1 if number else 3)
    assert [len(model.batches) for model in models] == readings


@pytest.mark.parametrize(("rate", "readings"), [(30, 10), (25, 13), (12.5, 13), (5, 5)])
def test_a_face_is_read_every_so_often(live_detector, make_classifier, rate, readings):
    """After 0.08 s at the earliest: every third of thirty frames a second, every second of 25, every one of 12.5."""
    model = make_classifier()
    pipeline = FacePipeline(live_detector, [model])
    for number in range(round(rate)) if rate != 12.5 else range(13):
        pipeline.process(clip_frame(number / rate), number / rate)
    assert len(model.batches) == readings


class Crowd:
    """Finds a face that stays, and a new one in every frame, each at a place of its own."""

    frames = 0

    def next(self, gray, known, timestamp, settings):
        self.frames += 1
        row, column = divmod(self.frames, 6)
        stays, new = (0, 0, 60, 60), (100 * column, 70 * row + 70, 100 * column + 50, 70 * row + 120)
        return np.array([stays, new], np.float32)


def test_who_comes_takes_nobody_s_turn(live_detector, make_classifier):
    models = [make_classifier(name) for name in ("emotion", "age", "gender")]
    pipeline = FacePipeline(live_detector, models)
    pipeline._finder = Crowd()
    for number in range(30):
        pipeline.process(np.zeros((480, 640, 3), np.uint8), number / 30)
    for model in models:
        assert len(model.batches) >= 30 + 7  # For the new ones in every frame, and in turns for the one that stays.


def test_a_model_that_fails_takes_no_one_elses_turn(live_detector, make_classifier):
    class Sometimes(type(make_classifier())):
        def predict(self, faces):
            answers = super().predict(faces)
            if len(self.batches) < 3:
                raise RuntimeError("no answer")
            return answers

    failing, fine = Sometimes("failing"), make_classifier("fine")
    pipeline = FacePipeline(live_detector, [failing, fine], PipelineSettings(reading_interval=0))
    results = [pipeline.process(clip_frame(number / 25), number / 25) for number in range(9)]
    assert abs(len(failing.batches) - len(fine.batches)) <= 1
    known = [sorted(result.largest.predictions) for result in results]
    assert known[0] == ["fine"] and known[-1] == ["failing", "fine"]
    assert [set(result.problems) for result in results] == [
        set() if "failing" in each else {"failing"} for each in known
    ]


def test_another_resolution_begins_anew(live_detector):
    pipeline = FacePipeline(live_detector)
    first = pipeline.process(clip_frame(0), 0.0).largest
    small = cv2.resize(clip_frame(0), (320, 240))
    (face,) = pipeline.process(small, 0.04).faces
    assert face.track_id > first.track_id
    assert iou(face.xyxy[None] * 2, first.xyxy[None])[0, 0] > 0.5


class Counting(FaceDetector):
    """Counts the scans of more than a cutting: known faces are looked for in 77 pixels."""

    scans = 0

    def detect(self, gray, settings=None, largest=None):
        self.scans += max(gray.shape) > 150
        return super().detect(gray, settings, largest)


@pytest.mark.parametrize(("took", "fewest", "most"), [(0.0, 12, 16), (0.2, 6, 8)])
def test_a_busy_computer_scans_less_and_keeps_the_face(monkeypatch, took, fewest, most):
    clock = iter(np.arange(0, 1000) * took)
    monkeypatch.setattr(detection, "perf_counter", lambda: float(next(clock)))
    detector = Counting("frontalface_default", *LIVE_SCAN)
    pipeline = FacePipeline(detector)
    results = [pipeline.process(clip_frame(number / 25), number / 25) for number in range(50)]
    assert all(result.faces for result in results)
    assert fewest <= detector.scans <= most


def crowd(columns, rows, side=150):
    one = cv2.resize(astronaut()[30:230, 125:325], (side, side), interpolation=cv2.INTER_AREA)
    return np.tile(one, (rows, columns, 1))


def test_twenty_faces(live_detector, make_classifier):
    pipeline, frame = FacePipeline(live_detector, [make_classifier()]), crowd(5, 4)
    results = [pipeline.process(frame, number / 25) for number in range(50)]
    assert len(results[-1].faces) == 20
    assert {face.track_id for face in results[-1].faces} == set(range(20))  # None was lost and found again.
    assert all(face.predictions for face in results[-1].faces)
    assert max(batch[0] for batch in pipeline.classifiers[0].batches) <= 8


def test_who_comes_together_is_found_together(live_detector):
    """Beside the pause of ten seconds between scans, too: a new face is followed by a look around."""
    frame = np.full((480, 640, 3), 128, np.uint8)
    frame[:, :340] = astronaut()[:480, 86:426]
    frame[:358, 340:] = cv2.resize(astronaut(), (358, 358), interpolation=cv2.INTER_AREA)[:, :300]
    pipeline = FacePipeline(live_detector, settings=PipelineSettings(scan_interval=10))
    counts = [len(pipeline.process(frame, number / 25).faces) for number in range(8)]
    assert counts[0] == 1 and counts[-1] == 2


def test_no_frame_pays_for_the_scan_of_all_of_it(live_detector):
    """OpenCV's cost goes by the pixels of the picture at each size of the window: none takes a third of a full scan."""
    work = []

    class Weighing(FaceDetector):
        def detect(self, gray, settings=None, largest=None):
            step, _neighbors, least = settings or self.settings
            sides = self.window[0] * step ** np.arange(60)
            used = sides[(sides >= least[0]) & (sides <= min(largest or 1e9, *gray.shape))] / self.window[0]
            work.append(float((gray.size / used**2 / np.where(used > 2, 1, 4)).sum()))
            return super().detect(gray, settings, largest)

    for shape in ((480, 640), (720, 1280)):
        gray = np.full(shape, 128, np.uint8)
        detector = Weighing("frontalface_default", *LIVE_SCAN)
        detector.detect(gray)
        whole, finder = work.pop(), FaceFinder(detector)
        for number in range(24):
            finder.next(gray, [], number / 25, PipelineSettings())
        assert len(work) == 24 and max(work) < whole / 3
        work.clear()


def test_small_faces_in_any_corner_are_found_within_a_second(live_detector):
    """50 pixels in a frame of 1280 are 16 in the reduced copy: only the tiles can show them."""
    one = cv2.resize(astronaut()[20:240, 115:335], (110, 110), interpolation=cv2.INTER_AREA)
    for top, left in ((0, 0), (0, 1170), (610, 0), (610, 1170), (300, 600)):
        frame = np.full((720, 1280, 3), 128, np.uint8)
        frame[top : top + 110, left : left + 110] = one
        pipeline = FacePipeline(live_detector)
        found = [bool(pipeline.process(frame, number / 25).faces) for number in range(30)]
        assert found[-1], (top, left)


def test_a_new_face_is_seen_while_another_is_followed(live_detector):
    pipeline = FacePipeline(live_detector)
    left = np.hstack([astronaut(), np.full_like(astronaut(), 128)])
    both = np.hstack([astronaut(), astronaut()[:, ::-1]])
    alone = [len(pipeline.process(left, number / 25).faces) for number in range(10)]
    assert alone[-1] == 1
    counts = [len(pipeline.process(both, number / 25).faces) for number in range(10, 35)]
    assert counts[-1] == 2 and counts.count(1) <= 20


def test_profiles_are_found_on_either_side(live_detector):
    """No public-domain profile is at hand: a cascade that is asked in the mirror finds a mirrored face where it is."""
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    profile = FaceDetector("profileface", 1.1, 0)
    plain, mirrored = profile.detect(gray), profile.detect(np.ascontiguousarray(gray[:, ::-1]))
    assert len(plain) + len(mirrored)
    finder = FaceFinder(FaceDetector("frontalface_default", 1.1, 0))
    found = finder.still(gray, profile=True)
    alone = finder.still(gray)
    for box in [*plain, *mirrored_boxes(mirrored, gray.shape[1])]:
        assert covered(box[None], found).max() >= 0.5
    assert len(alone) > 0
