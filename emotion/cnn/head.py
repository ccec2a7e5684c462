"""A model of one's own in seconds, without Keras: a softmax on the embedding of a model that is there already.

Regularised multinomial logistic regression (C. Bishop, Pattern Recognition and Machine Learning, section 4.3.4). To
"teach it my face" the penalty pulls towards the base's own last layer instead of towards zero, and a class without a
new picture keeps a share of the base's own answers to the new pictures (Z. Li and D. Hoiem, "Learning without
Forgetting", 2016): told that it is never right, it would be unlearned.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np

from emotion.cnn.bundle import CARD, HEAD, WEIGHTS, Bundle, Card, read_card
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier, softmax
from emotion.cnn.config import task_of
from emotion.cnn.evaluation import wilson_interval
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import fit
from emotion.dataset.sample import draw_face
from emotion.errors import UserError
from emotion.files import folder_in_the_making, plain_name, sha256, write_json, writing
from emotion.homes import models_folders, user_models_folder
from emotion.jobs import Progress
from emotion.labels import EMOTIONS, listed

_PENALTIES = (1.0, 0.1, 0.01)  # Tried in cross-validation; of equal ones the strongest.
_FOLDS = 5
_QUANTISED = 0.05  # How far a probability may be off because the network that is run is quantised.
_KEPT = 0.49  # At most so much of an image's target is for classes without images: the taught class is always ahead.
_LEAST = 3  # Images of a class: fewer can't be left out by turns.


@dataclass(frozen=True, eq=False)
class Head:
    """A softmax on embeddings: ``weights`` float32 (D, K) and ``bias`` float32 (K,)."""

    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, embedding: np.ndarray) -> np.ndarray:
        """Probabilities (N, K) for embeddings float32 (N, D)."""
        return softmax(embedding @ self.weights + self.bias)


@dataclass(frozen=True)
class HeadReport:
    """How good a head is on images it was not fitted on; ``before``: the base's own, where it has the same classes.

    ``commonest``: the class of most images and its share of them, which is what somebody gets who always answers it.
    """

    accuracy: Metric
    before: Metric | None
    penalty: float
    commonest: tuple[str, float]


def fit_head(
    base: Classifier, dataset: Dataset, name: str = "", adapt: bool = False, progress: Progress | None = None
) -> tuple[Path, HeadReport]:
    """Fit a head on a dataset's train and validation images and save it as a bundle; its folder, and how good it is.

    ``adapt``: start from the base's own last layer, for a dataset with some or all of its classes. ``progress`` is told
    (steps done, steps in all). A bundle that was fitted on the same dataset before is replaced; a name that is taken by
    another gets a number. Raises UserError for a dataset with fewer than two classes or three images in one, and where
    ``adapt`` finds classes that the base does not know.
    """
    card = base.bundle.card
    pixels, labels, classes = _images(base, dataset, adapt)
    features, flipped = base.embed(pixels), base.embed(np.ascontiguousarray(pixels[:, :, ::-1]))
    prior = last_layer(base) if adapt else None
    folds = _folds(labels)
    penalty, answers = _best_penalty(features, flipped, labels, len(classes), folds, prior, progress)
    head = fit_softmax(np.concatenate([features, flipped]), np.tile(labels, 2), len(classes), penalty, prior)
    right = int((answers == labels).sum())
    before = prior and _metric(int((prior.probabilities(features).argmax(axis=1) == labels).sum()), len(labels))
    counts = np.bincount(labels)
    commonest = classes[int(counts.argmax())], float(counts.max() / len(labels))
    report = HeadReport(_metric(right, len(labels)), before or None, penalty, commonest)
    final = _folder(plain_name(name) or dataset.name, dataset)
    with writing(final), folder_in_the_making(final) as folder:
        with io.BytesIO() as arrays:
            np.savez(arrays, weights=head.weights, bias=head.bias)
            (folder / HEAD).write_bytes(arrays.getvalue())
        made = _card(base.bundle, dataset, classes, head, report)
        made |= {"name": final.name, "files": {HEAD: sha256(folder / HEAD)}} | ({"task": card.task} if adapt else {})
        write_json(folder / CARD, made)
    return final, report


def fit_softmax(
    features: np.ndarray, labels: np.ndarray, classes: int, penalty: float, prior: Head | None = None
) -> Head:
    """The head by which ``labels`` int (N,) are likeliest for ``features`` float32 (N, D), every class counting alike.

    ``penalty`` weighs the squared distance of the weights from those of ``prior``, or from zero, on features of unit
    length on average. A class without an image is asked for what ``prior`` gave it, so that it is not unlearned.
    """
    from scipy.optimize import minimize

    # In float64 and at one scale, so that a penalty means the same for every network.
    scale = max(float(np.sqrt(np.square(features.astype(np.float64)).sum(axis=1).mean())), 1e-9)
    inputs = np.append(features / scale, np.ones((len(features), 1)), axis=1)
    start = np.zeros((inputs.shape[1], classes))
    if prior is not None:
        start[:-1], start[-1] = prior.weights * scale, prior.bias
    counts = np.bincount(labels, minlength=classes)
    weight = (1 / np.maximum(counts, 1) / (counts > 0).sum())[labels]
    targets = np.eye(classes)[labels]
    if prior is not None:
        targets = _with_answers_kept(targets, softmax(inputs @ start) * (counts == 0))
    strength = penalty / max(1, inputs.shape[1])

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        step = flat.reshape(start.shape)
        found = softmax(inputs @ (start + step))
        surprise = -(weight * (targets * np.log(np.maximum(found, 1e-12))).sum(axis=1)).sum()
        gradient = inputs.T @ (weight[:, None] * (found - targets)) + strength * step
        return float(surprise + strength / 2 * np.square(step).sum()), gradient.ravel()

    found = minimize(loss, np.zeros(start.size), jac=True, method="L-BFGS-B", options={"maxiter": 80}).x
    fitted = start + found.reshape(start.shape)
    return Head((fitted[:-1] / scale).astype(np.float32), fitted[-1].astype(np.float32))


def _with_answers_kept(targets: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Targets (N, K) that leave ``kept`` (N, K), the answers to go on giving, up to ``_KEPT`` of each row."""
    total = kept.sum(axis=1, keepdims=True)
    kept = kept * np.minimum(1, _KEPT / np.maximum(total, 1e-12))
    return np.asarray(targets * (1 - kept.sum(axis=1, keepdims=True)) + kept)


def last_layer(base: Classifier) -> Head:
    """The softmax layer of a bundle, or a head bundle's head.

    Found in the weights file by its shape, and proved on faces: UserError where none gives the network's own answers.
    """
    if own := base.bundle.head():
        return Head(*own)
    spec, random = base.bundle.card.input, np.random.default_rng(0)
    faces = np.stack([fit(draw_face(label.key, random), (spec.height, spec.width)) for label in EMOTIONS * 3])
    embedding, answers = base.embed(faces), base.predict(faces)
    with h5py.File(io.BytesIO(base.bundle.read(WEIGHTS)), "r") as file:
        for head in _dense_layers(file, (embedding.shape[1], answers.shape[1])):
            if np.abs(head.probabilities(embedding) - answers).max() < _QUANTISED:
                return head
    raise UserError(
        "The last layer of {name} is no softmax on its embedding. Choose another model to start from.",
        name=base.bundle.card.name,
    )


def _dense_layers(file: h5py.File, shape: tuple[int, int]) -> list[Head]:
    found: list[Head] = []

    def look(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.shape == shape:
            bias = item.parent.get("1")
            if isinstance(bias, h5py.Dataset) and bias.shape == shape[1:]:
                found.append(Head(np.asarray(item, np.float32), np.asarray(bias, np.float32)))

    file.visititems(look)
    return found


def _images(base: Classifier, dataset: Dataset, adapt: bool) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Pixels, labels and classes to fit on, in the order in which the images were taken."""
    spec, own = base.bundle.card.input, base.bundle.card.classes
    unknown = sorted(set(dataset.classes) - set(own))
    if adapt and unknown:
        raise UserError(
            "{base} does not know {unknown}. Collect its own classes ({classes}), or make a new task.",
            base=base.bundle.card.name,
            unknown=", ".join(unknown),
            classes=listed(own),
        )
    parts = [
        dataset.load(split, (spec.height, spec.width)) for split in ("train", "validation") if _has(dataset, split)
    ]
    labels = np.concatenate([part.labels for part in parts])
    counts = np.bincount(labels, minlength=len(dataset.classes))
    if len(counts) < 2 or counts.min() < _LEAST:
        raise UserError(
            "Expected two classes or more with {least} images each; found {found}. Collect more.",
            least=_LEAST,
            found=", ".join(f"{key}: {count}" for key, count in zip(dataset.classes, counts, strict=True)),
        )
    order = np.argsort(np.array([Path(path).name for part in parts for path in part.paths]), kind="stable")
    classes = own if adapt else dataset.classes
    places = np.array([classes.index(key) for key in dataset.classes])
    return np.concatenate([part.pixels for part in parts])[order], places[labels[order]], classes


def _has(dataset: Dataset, split: str) -> bool:
    return split in dataset.splits and bool(dataset.splits[split].paths)


def _folds(labels: np.ndarray) -> np.ndarray:
    """The fold of each image: pieces of each class in the order of time.

    Drawn at random, an image's neighbours of the same second would give it away.
    """
    folds = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        folds[rows] = np.arange(len(rows)) * min(_FOLDS, len(rows)) // len(rows)
    return folds


def _best_penalty(
    features: np.ndarray,
    flipped: np.ndarray,
    labels: np.ndarray,
    classes: int,
    folds: np.ndarray,
    prior: Head | None,
    progress: Progress | None,
) -> tuple[float, np.ndarray]:
    """The penalty by which images that were left out are likeliest, and the answers (N,) they got."""
    found: dict[float, tuple[float, np.ndarray]] = {}
    for step, penalty in enumerate(_PENALTIES):
        shares = np.zeros((len(labels), classes))
        for fold in np.unique(folds):
            kept, out = folds != fold, folds == fold
            both = np.concatenate([features[kept], flipped[kept]])
            head = fit_softmax(both, np.tile(labels[kept], 2), classes, penalty, prior)
            shares[out] = head.probabilities(features[out])
        likelihood = np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-6)).mean()
        found[penalty] = float(likelihood), shares.argmax(axis=1)
        if progress:
            progress(step + 1, len(_PENALTIES))
    penalty = max(found, key=lambda each: found[each][0])
    return penalty, found[penalty][1]


def _metric(right: int, n: int) -> Metric:
    return Metric("accuracy", right / n, *wilson_interval(right, n), "cross-validation", n)


def _folder(name: str, dataset: Dataset) -> Path:
    number, free = 1, name
    while _is_taken(free, dataset):
        number += 1
        free = f"{name}-{number}"
    return user_models_folder() / free


def _is_taken(name: str, dataset: Dataset) -> bool:
    own = user_models_folder() / name
    if own.exists():
        try:
            card = read_card(own).card
        except UserError:
            return True
        return not (card.base and card.training.get("folder") == dataset.name)
    return any((folder / name).exists() for folder in models_folders())


def _card(
    base: Bundle, dataset: Dataset, classes: tuple[str, ...], head: Head, report: HeadReport
) -> dict[str, object]:
    """What is known of a head before it has its folder: name and files are still to come."""
    # A head on a head reads the embedding of the network below both.
    below = base.card.base or {"name": base.card.name, "sha256": base.network_digest}
    return Card(
        name="",
        task=task_of(dataset),
        classes=classes,
        input=base.card.input,
        architecture=f"softmax on the embedding of {below['name']}",
        parameters=head.weights.size + head.bias.size,
        dataset=dataset.title,
        synthetic=dataset.synthetic,
        fingerprint=dataset.fingerprint(),
        training={"folder": dataset.name, "penalty": report.penalty, "folds": _FOLDS},
        metrics=(report.accuracy,),
        seed=0,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={package: version(package) for package in ("numpy", "scipy", "ai-edge-litert")},
        files={},
        largest_difference=0.0,
        terms=f"{dataset.terms} Base: {base.card.terms}",
        base=dict(below),
    ).to_json()
