"""A bundle's training once more, as its card says, and how far the result differs. A worker trains; no Keras here."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from emotion.cnn.bundle import Bundle, Card, load_bundle
from emotion.cnn.card import Metric
from emotion.cnn.checks import insist_on_enough_to_scale
from emotion.cnn.classifier import Classifier
from emotion.cnn.comparison import Comparison, compare
from emotion.cnn.config import AVERAGED, TrainConfig
from emotion.cnn.evaluation import evaluate
from emotion.cnn.runs import Run, Status
from emotion.cnn.workers import publish_best, start_run, start_waiting, stop_run
from emotion.dataset.folder import Dataset, dataset_root, open_dataset
from emotion.dataset.library import known_datasets
from emotion.errors import UserError
from emotion.files import plain_name
from emotion.i18n import N_
from emotion.jobs import Progress
from emotion.labels import listed

_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was when the bundle was made: ``what``, as the card has it, as it is now."""

    what: str
    then: str
    now: str


@dataclass(frozen=True)
class Reproduction:
    """A bundle, its training repeated, and both on the validation split of today's dataset.

    ``differences`` may explain why the results are not the same.
    """

    original: Bundle
    repeated: Bundle
    differences: tuple[Difference, ...]
    comparison: Comparison

    @property
    def stated(self) -> Metric | None:
        """The accuracy that the original's card states."""
        return self.original.card.accuracy

    @property
    def within(self) -> bool | None:
        """Whether the repeated accuracy lies in the 95 % interval that the card states; None where it states none."""
        stated = self.stated
        return stated.low <= self.comparison.second.accuracy.value <= stated.high if stated else None

    @property
    def agreement(self) -> float:
        """The share of images that both answer alike."""
        return 1 - len(self.comparison.differing) / self.comparison.first.n

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        first, second = self.comparison.first.accuracy, self.comparison.second.accuracy
        return {
            "original": str(self.original.path),
            "repeated": str(self.repeated.path),
            "differences": [vars(difference) for difference in self.differences],
            "stated": vars(self.stated) if self.stated else None,
            "original_accuracy": vars(first),
            "repeated_accuracy": vars(second),
            "within_stated_interval": self.within,
            "agreement": self.agreement,
            "mcnemar_p": self.comparison.p_value,
        }


def reproduce(bundle: Bundle, dataset: Dataset, progress: Progress | None = None) -> Reproduction:
    """Train as the bundle's card says on ``dataset``, in a new run, and compare the new bundle with the old.

    ``progress`` is told (epochs done, epochs in all); if it raises, the run is stopped. Raises UserError for a card
    without settings, for other classes, where classes can't be scaled again, and where the training fails or is
    stopped.
    """
    found, made = differences(bundle.card, dataset), _making(bundle.card)
    if "by_class" in made:  # Before it trains for hours.
        insist_on_enough_to_scale(dataset, len(bundle.card.classes), made["by_class"])
    run = start_run(settings(bundle, dataset))
    status = _wait(run, progress)
    if status.state != "finished":
        raise status.problem or UserError(
            "The run {run} did not finish ({state}). Go on with it on the Training page, then compare the two models.",
            run=run.name,
            state=status.state,
        )
    repeated = load_bundle(publish_best(run, **made) if made else status.bundle)
    first, second = (evaluate(Classifier(one), dataset, "validation") for one in (bundle, repeated))
    return Reproduction(bundle, repeated, found, compare(first, second))


def _making(card: Card) -> dict[str, Any]:
    """What ``publish_best`` is told beside the run, as the card says; empty where it was told nothing."""
    averaged, by_class = card.training.get("averaged"), card.training.get("by_class")
    averaged = "newest" if averaged is True else averaged  # As older cards have it.
    told: dict[str, Any] = {"averaged": averaged} if averaged in AVERAGED else {}
    own = card.training.get("by_class_on") == card.dataset  # Later, on another dataset, is not what is repeated here.
    if own and isinstance(by_class, int | float) and 0 <= by_class <= 1:
        told["by_class"] = by_class
    return told


def settings(bundle: Bundle, dataset: Dataset) -> TrainConfig:
    """The settings of the bundle's training, for ``dataset`` and one machine; UserError where its card has none."""
    card = bundle.card
    known = {name: value for name, value in card.training.items() if not (name == "images" and isinstance(value, dict))}
    if "epochs" not in known:
        raise UserError(
            "The card of “{model}” does not say how it was trained, so it can't be trained again.", model=card.name
        )
    if set(dataset.classes) != set(card.classes):
        raise UserError(
            "{root} has the classes {found}, but “{model}” was trained on {expected}. Choose the dataset it was "
            "trained on.",
            root=dataset.root,
            found=listed(dataset.classes),
            model=card.name,
            expected=listed(card.classes),
        )
    try:
        name = plain_name(f"{card.name}-repeated")
        here = {"data": str(dataset.root), "name": name, "seed": card.seed, "distribute": "none"}
        here["unlabelled"] = str(more.root) if (more := _unlabelled(card)) else ""
        return TrainConfig.from_json({**known, **here})
    except (TypeError, ValueError) as error:
        raise UserError(
            "The settings in the card of “{model}” can't be read ({reason}).", model=card.name, reason=error
        ) from None


def _unlabelled(card: Card) -> Dataset | None:
    """The known dataset of the faces without labels, by the name in the card; of several the one that is unchanged.

    None where the card names none, UserError where none is known.
    """
    name = str(card.training.get("unlabelled") or "")
    if not name:
        return None
    found = [open_dataset(root) for root in known_datasets() if name in {root.name, dataset_root(root).name}]
    if not found:
        raise UserError(
            "“{model}” has learned from the faces of the dataset “{name}” too, which is not known here. Open or import "
            "it under that name first.",
            model=card.name,
            name=name,
        )
    return max(found, key=lambda dataset: _seal(dataset.fingerprint()) == _seal(_of_unlabelled(card)))


def _of_unlabelled(card: Card) -> dict[str, Any]:
    """What the card says of the faces without labels; empty where there are none."""
    noted = card.training.get("unlabelled_data")
    return noted if isinstance(noted, dict) else {}


def _seal(fingerprint: dict[str, Any]) -> str:
    return _text(fingerprint.get("files_sha256"))


def differences(card: Card, dataset: Dataset) -> tuple[Difference, ...]:
    """What of the data and the libraries is not as the card says."""
    return tuple(found for found in _compared(card, dataset) if found.then != found.now)


def _compared(card: Card, dataset: Dataset) -> Iterator[Difference]:
    then, now = card.fingerprint, dataset.fingerprint()
    for name, what in ((("counts"), N_("Images per split")), ("files_sha256", N_("Hash of the file list"))):
        yield Difference(what, _text(then.get(name)), _text(now.get(name)))
    if (more := _unlabelled(card)) and (noted := _of_unlabelled(card)):
        yield Difference(N_("Faces without labels"), _seal(noted), _seal(more.fingerprint()))
    for package, stated in sorted(card.versions.items()):
        yield Difference(package, stated, _installed(package))


def _text(value: Any) -> str:
    return ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value or "–")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "–"


def _wait(run: Run, progress: Progress | None) -> Status:
    try:
        while (status := run.status()).active:
            if progress:
                progress(status.epoch, status.epochs)
            time.sleep(_POLL_SECONDS)
            if status.waiting:  # The worker that was at it may have been killed.
                start_waiting()
    except BaseException:  # Cancelled, or Ctrl-C: the worker would go on by itself.
        stop_run(run)
        raise
    return status
