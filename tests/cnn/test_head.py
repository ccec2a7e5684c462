"""Head bundles: a softmax on another bundle's embedding, against scikit-learn and against the network's own layer."""

import json
import shutil

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from emotion.cnn.bundle import CARD, HEAD, find_bundle, load_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.cnn.head import Head, fit_head, fit_softmax, last_layer
from emotion.dataset.collect import Collection
from emotion.dataset.folder import open_dataset
from emotion.dataset.pixels import fit
from emotion.dataset.sample import draw_face
from emotion.errors import UserError


@pytest.fixture
def base(bundle_copy):
    return Classifier(load_bundle(bundle_copy))


@pytest.fixture
def collected(home):
    """Two faces a class, in ten shots each: as different as a smile and an open mouth."""
    collection = Collection("faces")
    collection.agree()
    for key in ("happy", "surprise"):
        collection.add(key, [draw_face(key, np.random.default_rng(number)) for number in range(12)])
    return collection


@pytest.fixture
def own_task(collected):
    for name, path in (("mouth shut", "happy"), ("mouth open", "surprise")):
        (collected.root / "train" / path).rename(collected.root / "train" / name)
    return open_dataset(collected.root)


def blobs(classes=3, count=60, width=5):
    random = np.random.default_rng(0)
    labels = np.arange(count) % classes
    return (random.normal(size=(count, width)) + 3 * np.eye(classes, width)[labels]).astype(np.float32), labels


def test_the_fit_is_scikit_learn_s():
    features, labels = blobs()
    head = fit_softmax(features, labels, 3, penalty=1e-6)
    theirs = LogisticRegression(C=1e6, max_iter=2000).fit(features, labels).predict_proba(features)
    assert (head.probabilities(features).argmax(axis=1) == theirs.argmax(axis=1)).all()
    weak = fit_softmax(features, labels, 3, penalty=1.0).probabilities(features)
    assert weak.max(axis=1).mean() < head.probabilities(features).max(axis=1).mean()


def test_a_strong_penalty_stays_with_the_prior_and_a_class_without_images_keeps_it():
    features, labels = blobs()
    prior = fit_softmax(features, labels, 3, penalty=0.01)
    only_two = labels < 2
    near = fit_softmax(features[only_two], labels[only_two], 3, 1e6, prior)
    assert np.allclose(near.probabilities(features), prior.probabilities(features), atol=1e-3)
    adapted = fit_softmax(features[only_two], labels[only_two], 3, 0.1, prior)
    third = features[labels == 2]
    assert (adapted.probabilities(third).argmax(axis=1) == 2).mean() > 0.9


@pytest.mark.parametrize(("taught", "learned"), [(("happy", "surprise"), "happy"), (("angry", "happy"), "angry")])
def test_what_is_not_taught_is_not_unlearned(taught, learned):
    base = Classifier(find_bundle("emotion"))
    own, size = base.bundle.card.classes, base.bundle.card.input.height

    def faces(key, seed, count=12):
        random = np.random.default_rng(seed)
        return base.embed(np.stack([fit(draw_face(key, random), (size, size)) for _ in range(count)]))

    def share(head, key):
        return head.probabilities(faces(key, 5, 30))[:, own.index(key)].mean()

    prior = last_layer(base)
    features = np.concatenate([faces(key, 9) for key in taught])
    labels = np.repeat([own.index(key) for key in taught], 12)
    for penalty in (1.0, 0.01):
        head = fit_softmax(features, labels, len(own), penalty, prior)
        for key in set(own) - set(taught):
            assert share(head, key) > share(prior, key) - 0.1, (penalty, key)
        assert share(head, learned) > share(prior, learned) - 0.05
        assert (head.probabilities(features).argmax(axis=1) == labels).mean() > 0.85


def test_the_base_s_last_layer_is_found(base):
    head, faces = last_layer(base), np.random.default_rng(0).integers(0, 256, (20, 48, 48)).astype(np.uint8)
    assert head.weights.shape == (128, 7)
    assert np.abs(head.probabilities(base.embed(faces)) - base.predict(faces)).max() < 0.05


def test_a_task_of_one_s_own_is_a_bundle_like_any_other(own_task):
    base = Classifier(find_bundle("emotion-deck"))  # It has learned to see.
    steps = []
    path, report = fit_head(base, own_task, "입", progress=lambda done, total: steps.append((done, total)))
    bundle = find_bundle("입")
    assert bundle.path == path.resolve() and bundle.card.task == "faces" and steps[-1] == (3, 3)
    assert bundle.card.classes == ("mouth open", "mouth shut")
    assert bundle.card.base == {"name": "emotion-deck", "sha256": base.bundle.card.files["model.tflite"]}
    assert report.accuracy.n == 24 and report.before is None and bundle.card.metrics == (report.accuracy,)
    assert report.commonest == ("mouth open", 0.5)  # Twelve and twelve.
    classifier = Classifier(bundle)
    images = own_task.load("train")
    answers = classifier.predict(images.pixels)
    assert answers.dtype == np.float32 and np.allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert (answers.argmax(axis=1) == images.labels).mean() > 0.8
    assert np.array_equal(classifier.embed(images.pixels), base.embed(images.pixels))
    assert classifier.predict(images.pixels[:0]).shape == (0, 2)
    assert {each.card.name for each in scan_bundles()[0]} >= {"emotion-deck", "입"}


def test_fitting_again_replaces_it_and_spares_others(base, own_task):
    first, _ = fit_head(base, own_task, "mine")
    assert fit_head(base, own_task, "mine")[0] == first
    assert fit_head(base, own_task, "tiny")[0].name == "tiny-2"


def test_teach_my_face_starts_from_what_the_base_knows(base, collected):
    path, report = fit_head(base, open_dataset(collected.root), "me", adapt=True)
    bundle = load_bundle(path)
    assert bundle.card.classes == base.bundle.card.classes and bundle.card.task == "emotion"
    assert report.commonest[1] == 0.5 and report.before.n == 24 and report.accuracy.value >= report.before.value
    assert bundle.card.synthetic is False


def test_mistakes_are_explained(base, own_task, collected):
    with pytest.raises(UserError, match="does not know mouth open, mouth shut"):
        fit_head(base, own_task, adapt=True)
    few = Collection("few")
    few.agree()
    few.add("a", [np.zeros((48, 48), np.uint8)] * 5)
    few.add("b", [np.zeros((48, 48), np.uint8)] * 2)
    with pytest.raises(UserError, match="3 images each; found a: 5, b: 2"):
        fit_head(base, open_dataset(few.root))


def test_a_base_that_is_gone_is_named(base, own_task):
    path, _ = fit_head(base, own_task, "mine")
    classifier = Classifier(load_bundle(path))
    shutil.rmtree(base.bundle.path)
    with pytest.raises(UserError, match="the model tiny, which is gone"):
        load_bundle(path)
    assert classifier.predict(np.zeros((1, 48, 48), np.uint8)).shape == (1, 2)  # What is loaded goes on.


def test_a_damaged_head_is_refused(base, own_task):
    path, _ = fit_head(base, own_task, "mine")
    (path / HEAD).write_bytes(b"nothing")
    with pytest.raises(UserError, match="another SHA-256"):
        load_bundle(path)
    card = json.loads((path / CARD).read_text(encoding="utf-8"))
    (path / CARD).write_text(json.dumps({**card, "classes": ["a", "b", "c"]}), encoding="utf-8")
    fit_head(base, own_task, "other")
    shutil.copy(path.parent / "other" / HEAD, path / HEAD)
    with pytest.raises(UserError, match=r"does not fit its card|another SHA-256"):
        load_bundle(path)


def test_a_head_has_no_keras_network(base, own_task):
    path, _ = fit_head(base, own_task, "mine")
    with pytest.raises(UserError, match=r"mine is a head on the model tiny and has no model\.json"):
        load_bundle(path).read("model.json")


def test_probabilities_by_hand():
    head = Head(np.array([[1.0, 0.0]], np.float32), np.zeros(2, np.float32))
    assert head.probabilities(np.array([[np.log(3)]], np.float32))[0] == pytest.approx([0.75, 0.25])
