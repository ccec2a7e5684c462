"""The doctor: what is wrong with a dataset, and in which files."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from emotion.dataset.duplicates import exact_groups, groups_of_pairs, near_pairs
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import votes_of
from emotion.dataset.scan import Facts, scan
from emotion.files import printable
from emotion.i18n import N_
from emotion.jobs import Progress


@dataclass(frozen=True)
class Kind:
    """What the doctor looks for: a title, a sentence for learners, and the field of Facts it goes by, if one."""

    title: str
    explanation: str
    measure: str = ""


FINDINGS = {
    "unreadable": Kind(
        N_("Unreadable"),
        N_("Files that do not open or end too early: training skips them, so you have fewer images than you count."),
    ),
    "odd_mode": Kind(
        N_("Another kind of pixels"),
        N_("Stored unlike nearly all others, such as colour or animation among gray images: often there by mistake."),
        "mode",
    ),
    "odd_size": Kind(
        N_("Another size"),
        N_("Images unlike the usual size: they are stretched to fit, and a model can tell them by that alone."),
    ),
    "blank": Kind(
        N_("Blank"),
        N_("Hardly any contrast, so there is no face to see: the label teaches the model nothing."),
        "contrast",
    ),
    "dark": Kind(
        N_("Very dark"),
        N_("Features drown in the dark; keep some if your camera will see such faces too."),
        "brightness",
    ),
    "bright": Kind(
        N_("Very bright"),
        N_("Overexposed or drawn on white, so that features fade; look whether they are photos at all."),
        "brightness",
    ),
    "blurred": Kind(
        N_("Blurred"),
        N_("Few sharp edges: what tells emotions apart, such as the corners of the mouth, is washed out."),
        "sharpness",
    ),
    "duplicate": Kind(
        N_("Exact copies"),
        N_("The same pixels more than once in one split: such an image counts more than the others."),
    ),
    "leak": Kind(
        N_("Copies across splits"),
        N_("The same pixels in two splits: the model has seen the exam before, and its accuracy there flatters it."),
    ),
    "conflict": Kind(
        N_("Copies with different labels"),
        N_("The same pixels under two classes: at least one label is wrong, and no model can get both right."),
    ),
    "near_duplicate": Kind(
        N_("Near copies"),
        N_("Nearly the same picture, cut or compressed otherwise: they repeat and leak like exact copies do."),
    ),
    "suspect": Kind(
        N_("Suspected label errors"),
        N_("A model that had not seen the image finds its label unlikely: look yourself who is right."),
    ),
    "votes": Kind(
        N_("The votes say otherwise"),
        N_("Of ten people (FER+) more saw something else than the label says: a wrong label, or a face hard to read."),
    ),
}
"""Finding → what it is, in the order of a report."""


@dataclass(frozen=True)
class Thresholds:
    """Where the doctor draws the line; chosen by looking at what they pick out of FER2013.

    ``blank``: contrast below; ``dark`` and ``bright``: brightness below and above, 0 to 255; ``blurred``: sharpness
    below; ``near``: bits of 64 that the hashes of near copies differ in at most (up to 4 hardly a pair of FER2013 is
    wrong, from 6 on some are); ``common``: the share of images that must be of one size, or of one kind of pixels,
    for others to be odd.
    """

    blank: float = 5
    dark: float = 35
    bright: float = 215
    blurred: float = 150
    near: int = 4
    common: float = 0.9


@dataclass(frozen=True)
class Finding:
    """The files, int64 ``rows`` of ``Dataset.everything``, of the kind ``key``.

    Copies stand in ``groups``, of which ``rows`` is the chain. ``scores`` float32 belong to ``rows``, the worst first;
    empty where files are not worse than each other. ``suggested`` int64 are the classes that a model or the votes find
    likelier for each of ``rows``, −1 for none of them; empty where nobody was asked. ``complete`` is false where there
    are more than were listed.
    """

    key: str
    rows: np.ndarray
    groups: tuple[np.ndarray, ...] = ()
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    suggested: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    complete: bool = True

    @classmethod
    def of_groups(cls, key: str, groups: Iterable[np.ndarray], complete: bool = True) -> "Finding":
        """The finding of copies in ``groups``."""
        groups = tuple(groups)
        return cls(key, np.concatenate([np.zeros(0, np.int64), *groups]), groups, complete=complete)


@dataclass(frozen=True)
class Report:
    """What the doctor found: key → Finding in the order of ``FINDINGS``, also where nothing was found.

    ``copies`` are all groups of exact copies, within and across splits.
    """

    facts: Facts
    thresholds: Thresholds
    copies: tuple[np.ndarray, ...]
    findings: dict[str, Finding]

    @property
    def n(self) -> int:
        """Files looked at."""
        return len(self.facts.mode)

    @property
    def mixed_sizes(self) -> bool:
        """Whether the images have several sizes, of which none is common enough for the others to be odd."""
        seen = self.facts.readable
        sizes = set(zip(self.facts.width[seen].tolist(), self.facts.height[seen].tolist(), strict=True))
        return len(sizes) > 1 and not len(self.findings["odd_size"].rows)

    def adding(self, finding: Finding) -> "Report":
        """The report with one more finding, such as ``suspect`` or ``votes``."""
        found = {**self.findings, finding.key: finding}
        return replace(self, findings={key: found[key] for key in FINDINGS if key in found})

    def to_json(self, dataset: Dataset) -> dict[str, object]:
        """Counts, and the path of every file with what was found."""
        paths = [printable(path) for path in dataset.everything.paths]
        return {
            "dataset": printable(str(dataset.root)),
            "images": self.n,
            "thresholds": asdict(self.thresholds),
            "exact_copies": {"groups": len(self.copies), "surplus": sum(len(group) - 1 for group in self.copies)},
            "findings": {key: self._finding_json(finding, paths) for key, finding in self.findings.items()},
        }

    def _finding_json(self, finding: Finding, paths: list[str]) -> dict[str, object]:
        listed: dict[str, object] = {"count": len(finding.rows), "complete": finding.complete}
        if finding.key in COPIES:
            return {**listed, "groups": [[paths[row] for row in group] for group in finding.groups]}
        return {**listed, "files": {paths[row]: self._found(finding, place) for place, row in enumerate(finding.rows)}}

    def _found(self, finding: Finding, place: int) -> object:
        """What was found in one file: the reason, the size, or a figure."""
        row, facts = int(finding.rows[place]), self.facts
        if finding.key == "unreadable":
            return printable(str(facts.unreadable[row]))
        if finding.key == "odd_size":
            return f"{facts.width[row]}×{facts.height[row]}"
        if len(finding.scores):
            return round(float(finding.scores[place]), 3)
        measure = FINDINGS[finding.key].measure
        return str(getattr(facts, measure)[row]) if measure else None


COPIES = ("duplicate", "leak", "conflict", "near_duplicate")
"""The findings that come in groups."""


def examine(dataset: Dataset, thresholds: Thresholds = Thresholds(), progress: Progress | None = None) -> Report:
    """Look at every file and report what is wrong; ``cnn/judge.py`` adds what takes a model.

    ``progress`` is told (files done, files in all). With the files unchanged, other thresholds take no new look.
    """
    facts = scan(dataset, progress)
    copies = exact_groups(facts.digest, np.flatnonzero(facts.readable))
    found = [
        Finding("unreadable", np.array(sorted(facts.unreadable), np.int64)),
        Finding("odd_mode", _odd(facts, facts.mode[:, None], thresholds.common)),
        Finding("odd_size", _odd(facts, np.stack([facts.width, facts.height], axis=1), thresholds.common)),
        *_extremes(facts, thresholds),
        *_exact(dataset, facts, copies),
        _near(facts, copies, thresholds, progress),
        *_voted(dataset),
    ]
    return Report(facts, thresholds, copies, {finding.key: finding for finding in found})


def _voted(dataset: Dataset) -> list[Finding]:
    """Where the attached FER+ votes speak against the label; nothing without votes."""
    votes = votes_of(dataset)
    if votes is None:
        return []
    rows, shares = votes.disagreeing(dataset.everything.labels, dataset.classes)
    return [Finding("votes", rows, scores=shares, suggested=votes.majority(dataset.classes)[rows])]


def _odd(facts: Facts, values: np.ndarray, common: float) -> np.ndarray:
    """Readable rows whose ``values`` (N, C) are not the usual ones; none where nothing is usual."""
    rows = np.flatnonzero(facts.readable)
    _, kind, counts = np.unique(values[rows], axis=0, return_inverse=True, return_counts=True)
    if not len(rows) or counts.max() < common * len(rows):
        return rows[:0]
    return rows[kind != counts.argmax()]


def _extremes(facts: Facts, thresholds: Thresholds) -> list[Finding]:
    """Blank images, and of the others the dark, the bright and the blurred; NaN, the unreadable, is none of them."""
    blank = facts.contrast < thresholds.blank
    return [
        _worst("blank", blank, facts.contrast),
        _worst("dark", ~blank & (facts.brightness < thresholds.dark), facts.brightness),
        _worst("bright", ~blank & (facts.brightness > thresholds.bright), facts.brightness, highest=True),
        _worst("blurred", ~blank & (facts.sharpness < thresholds.blurred), facts.sharpness),
    ]


def _worst(key: str, chosen: np.ndarray, values: np.ndarray, highest: bool = False) -> Finding:
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(-values[rows] if highest else values[rows], kind="stable")]
    return Finding(key, rows, scores=values[rows])


def _exact(dataset: Dataset, facts: Facts, copies: tuple[np.ndarray, ...]) -> list[Finding]:
    splits, labels = dataset.split_of, dataset.everything.labels
    by_split = np.column_stack([facts.digest, splits.astype(np.uint64)])
    return [
        Finding.of_groups("duplicate", exact_groups(by_split, np.flatnonzero(facts.readable))),
        Finding.of_groups("leak", (group for group in copies if np.ptp(splits[group]))),
        Finding.of_groups("conflict", (group for group in copies if np.ptp(labels[group]))),
    ]


def _near(facts: Facts, copies: tuple[np.ndarray, ...], thresholds: Thresholds, progress: Progress | None) -> Finding:
    """Groups of near copies, each with the exact copies of its members; blank images are alike without being copies."""
    compared = facts.readable & (facts.contrast >= thresholds.blank)
    for group in copies:
        compared[group[1:]] = False
    still_at_it = (lambda *_: progress(len(compared), len(compared))) if progress else None
    found = near_pairs(facts.hash, thresholds.near, np.flatnonzero(compared), still_at_it)
    whole = {group[0]: group for group in copies}
    groups = ([whole.get(row, np.array([row])) for row in group] for group in groups_of_pairs(found.pairs))
    return Finding.of_groups("near_duplicate", (np.sort(np.concatenate(parts)) for parts in groups), found.complete)
