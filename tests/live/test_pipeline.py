import cv2
import numpy as np
import pytest

from emotion.cnn.bundle import default_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import astronaut
from emotion.labels import EMOTIONS
from emotion.live.clip import PERIOD, clip_frame
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.tracking import iou

FACE = np.array([[177, 66, 272, 161]], np.float32)  # Where the astronaut's face is, in her photo's pixels.


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
    result = FacePipeline(live_detector).process(frame, 0.0)
    assert overlap(result.largest, scale) > 0.6
    assert result.largest.predictions == {}


def test_each_classifier_is_asked_once_for_all_faces_in_its_own_size(make_classifier):
    small, large = make_classifier("small", 48), make_classifier("large", 64)
    two = np.hstack([astronaut(), astronaut()])
    result = FacePipeline(FaceDetector(), [small, large], detection_size=1024).process(two, 0.0)
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
    pipeline = FacePipeline(live_detector, [make_classifier()])
    before = pipeline.process(clip_frame(0), 0.0).largest
    classifier = pipeline.classifiers[0]
    after = pipeline.process(np.zeros((480, 640, 3), np.uint8), 0.04)
    assert after.largest.track_id == before.track_id
    assert after.largest.predictions["brightness"].label == before.predictions["brightness"].label
    assert len(classifier.batches) == 1
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
