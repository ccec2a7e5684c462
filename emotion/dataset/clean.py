"""A clean copy of a dataset: without what the doctor found, by the rules a person ticks."""

import os
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import numpy as np

from emotion.dataset.doctor import COPIES, FINDINGS, Finding, Report
from emotion.dataset.folder import ABOUT, Dataset, open_dataset
from emotion.dataset.importers.votes import carry_votes
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.files import folder_in_the_making, printable, reading, write_json, writing
from emotion.i18n import N_
from emotion.jobs import Progress, in_chunks

DIAGNOSIS = "doctor.json"
DEFAULT_RULES = ("unreadable", "blank", "duplicate", "leak", "conflict")
"""What most people want left out: nobody regrets these."""
_KEEPING = {
    "duplicate": N_("Keep the first of each group, leave out the others."),
    "leak": N_("Keep the copies in the test split, else those in validation: the exam stays, training loses them."),
    "near_duplicate": N_("Keep one of each group, in the test split or else in validation if it has one there."),
}
RULES = {key: _KEEPING.get(key, N_("Leave all of them out.")) for key in FINDINGS}
"""Finding → what its rule does, in the order of a report."""
# What goes by itself goes first, so that no group keeps an image that another rule leaves out.
_ORDER = (*(key for key in FINDINGS if key not in COPIES), "conflict", "leak", "duplicate", "near_duplicate")


def plan(dataset: Dataset, report: Report, rules: Collection[str]) -> dict[int, tuple[str, ...]]:
    """The rows that ``rules`` (keys of ``RULES``) leave out, each with the rules that do so; in ascending order.

    Raises UserError for a rule without a finding in ``report``.
    """
    if missing := [rule for rule in rules if rule not in report.findings]:
        raise UserError(
            "The rule “{rule}” has no finding in this report. Choose among these: {rules}.",
            rule=missing[0],
            rules=", ".join(report.findings),
        )
    reasons: dict[int, tuple[str, ...]] = {}
    for rule in (key for key in _ORDER if key in rules):
        for row in _left_out(report.findings[rule], dataset.split_of, reasons):
            reasons[row] = (*reasons.get(row, ()), rule)
    return dict(sorted(reasons.items()))


def write_clean(
    dataset: Dataset, report: Report, rules: Collection[str], destination: Path, progress: Progress | None = None
) -> Dataset:
    """Copy ``dataset`` without what ``rules`` leave out to ``destination``, and open the copy.

    The files' bytes go to ``<split>/<class>/<file name>``, also where the splits were drawn, beside ``dataset.json``
    and ``doctor.json``, which says what was left out and why. ``progress`` is told (files copied, files in all).
    Raises UserError if ``destination`` exists or lies in the dataset, can't be written, or nothing would be left of a
    class or a split.
    """
    reasons = plan(dataset, report, rules)
    rows = [row for row in range(report.n) if row not in reasons]
    _check(dataset, rows, destination)
    sources, targets = dataset.everything.paths, _targets(dataset, rows)
    with writing(destination), folder_in_the_making(destination) as folder:
        for parent in {PurePosixPath(target).parent for target in targets}:
            (folder / parent).mkdir(parents=True, exist_ok=True)

        def copy(places: range) -> None:
            for place in places:
                source = dataset.root / sources[rows[place]]
                with reading(source):
                    data = source.read_bytes()
                (folder / targets[place]).write_bytes(data)

        for _ in in_chunks(copy, len(rows), progress):
            pass
        card = {"title": printable(dataset.title), "terms": dataset.terms, "synthetic": dataset.synthetic}
        write_json(folder / ABOUT, card)
        write_json(folder / DIAGNOSIS, _diagnosis(dataset, report, rules, reasons))
        _insist_on_free(destination)  # Another copy of that name may have come first.
    copied = open_dataset(destination)
    carry_votes(dataset, copied, dict(zip(targets, rows, strict=True)))
    return copied


def _left_out(finding: Finding, split_of: np.ndarray, gone: Collection[int]) -> list[int]:
    """The rows that the rule of ``finding`` leaves out, of groups only among those that are not ``gone`` already."""
    if finding.key not in _KEEPING:
        return finding.rows.tolist()
    left_out: list[int] = []
    for group in finding.groups:
        left = [row for row in group.tolist() if row not in gone]
        kept = _kept(finding.key, left, split_of) if left else []
        left_out += [row for row in left if row not in kept]
    return left_out


def _kept(rule: str, group: list[int], split_of: np.ndarray) -> list[int]:
    """What a rule keeps of a group; the later in ``SPLITS``, the more is a split held out."""
    if rule == "duplicate":
        return group[:1]
    held_out = [row for row in group if split_of[row] == split_of[group].max()]
    return held_out if rule == "leak" else held_out[:1]


def _insist_on_free(destination: Path) -> None:
    if os.path.lexists(destination):  # Path.exists raises for a name that is too long.
        raise UserError("{path} exists, so it is left alone. Choose another name for the copy.", path=destination)


def _check(dataset: Dataset, rows: Sequence[int], destination: Path) -> None:
    _insist_on_free(destination)
    if dataset.root in Path(os.path.realpath(destination)).parents:
        raise UserError(
            "{path} lies in the dataset that is copied. Choose a folder outside {root}.",
            path=destination,
            root=dataset.root,
        )
    for names, numbers in ((dataset.classes, dataset.everything.labels), (SPLITS, dataset.split_of)):
        if len(lost := np.setdiff1d(numbers, numbers[rows])):
            raise UserError(
                "These rules would leave no image of “{lost}”. Tick fewer of them.",
                lost=", ".join(names[number] for number in lost),
            )


def _targets(dataset: Dataset, rows: Sequence[int]) -> list[str]:
    """``<split>/<class>/<file name>`` for each row; names that meet, as of two folders read as one, are numbered."""
    taken: dict[str, str] = {}
    for row in rows:
        start = f"{SPLITS[dataset.split_of[row]]}/{dataset.classes[dataset.everything.labels[row]]}"
        file, number = PurePosixPath(dataset.everything.paths[row]), 1
        target = f"{start}/{file.name}"
        while target.casefold() in taken:  # Some file systems take a.png and A.png for one.
            number += 1
            target = f"{start}/{file.stem}-{number}{file.suffix}"
        taken[target.casefold()] = target
    return list(taken.values())


def _diagnosis(
    dataset: Dataset, report: Report, rules: Collection[str], reasons: dict[int, tuple[str, ...]]
) -> dict[str, object]:
    paths = dataset.everything.paths
    return {
        "source": printable(dataset.name),
        "fingerprint": dataset.fingerprint(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "thresholds": asdict(report.thresholds),
        "images": report.n,
        "kept": report.n - len(reasons),
        "rules": {rule: sum(rule in given for given in reasons.values()) for rule in RULES if rule in rules},
        "left_out": {printable(paths[row]): list(given) for row, given in reasons.items()},
    }
