"""``emotion evaluate``: how good a model is on a dataset, and whether another is better."""

import math
from dataclasses import asdict
from typing import Any

import click

from emotion.cli.common import as_json, counter, say


@click.command()
@click.option("--model", help="Name or folder of a bundle  [default: the best that ships]")
@click.option("--data", required=True, help="Dataset folder.")
@click.option("--split", default="validation", show_default=True)
@click.option("--without-copies", is_flag=True, help="Leave out images that are in the training split too.")
@click.option("--votes", is_flag=True, help="Take what most FER+ taggers chose as true; see: emotion dataset votes.")
@click.option("--clear", is_flag=True, help="With --votes: only images where more than half of the taggers agree.")
@click.option("--against", metavar="MODEL", help="A second bundle, compared on the same images by McNemar's test.")
@click.option("--hardships", is_flag=True, help="Also on the images made dark, blurred, small, turned, covered …")
@click.option("--whom", is_flag=True, help="Also by age and gender as the models here guess them, and by pose.")
@as_json
def evaluate(
    model: str | None,
    data: str,
    split: str,
    without_copies: bool,
    votes: bool,
    clear: bool,
    against: str | None,
    hardships: bool,
    whom: bool,
    as_json: bool,
) -> None:
    """Accuracy with its 95% interval, figures per class, calibration and confusion matrix of a model on a dataset."""
    from emotion.cnn.bundle import find_bundle
    from emotion.cnn.people import people_figures
    from emotion.dataset.folder import open_dataset

    if clear and not votes:
        raise click.UsageError("--clear chooses among the images by their votes: give --votes too.")
    # Everything is found before anything is measured: a slip in the last name should not cost a minute.
    bundles = [find_bundle(model), *([find_bundle(against)] if against else [])]
    dataset = open_dataset(data)
    found = [_measure(bundle, dataset, split, without_copies, votes, clear) for bundle in bundles]
    report = _report(found[0]) | people_figures(found[0], dataset)
    if hardships:
        from emotion.cnn.classifier import Classifier
        from emotion.cnn.hardship import in_hardship

        worse = in_hardship(Classifier(bundles[0]), dataset, found[0], counter("ways"))
        report["hardships"] = {name: asdict(metric) for name, metric in worse.items()}
    if whom:
        from emotion.cnn.whom import by_guess

        groups = by_guess(dataset, found[0], progress=counter("looked at"))
        report["whom"] = {name: asdict(metric) for name, metric in groups.items()}
    if against:
        from emotion.cnn.comparison import compare

        both = compare(*found)
        report["against"] = {"model": against, **_report(both.second)}
        report["difference"] = {
            "value": both.difference,
            "only_first": len(both.only_first),
            "only_second": len(both.only_second),
            "p_value": both.p_value,
            "mid_p": both.mid_p,
        }
    say(report, as_json, lambda: "\n".join(_lines(report)))


def _measure(bundle: Any, dataset: Any, split: str, without_copies: bool, votes: bool, clear: bool) -> Any:
    from emotion.cnn.classifier import Classifier
    from emotion.cnn.evaluation import by_votes, without_training_copies
    from emotion.cnn.evaluation import evaluate as measure

    found = measure(Classifier(bundle), dataset, split, counter("answered"))
    if without_copies:
        found = without_training_copies(found, dataset, counter("compared"))
    return by_votes(found, _votes(dataset), clear) if votes else found


def _votes(dataset: Any) -> Any:
    from emotion.dataset.importers.votes import votes_of
    from emotion.errors import UserError

    votes = votes_of(dataset)
    if votes is None:
        raise UserError(
            "{root} has no FER+ votes. Attach them first: python -m emotion dataset votes FOLDER CSV", root=dataset.root
        )
    return votes


def _report(found: Any) -> dict[str, Any]:
    from emotion.cnn.calibration import reliability
    from emotion.cnn.evaluation import roc

    return {
        **asdict(found.accuracy),
        "top_2": asdict(found.top_2),
        "macro_f1": found.macro_f1,
        "precision": _known(found.precision),
        "recall": _known(found.recall),
        "f1": _known(found.f1),
        "roc_area": _known({curve.key: curve.area for curve in roc(found)}),
        "calibration_error": reliability(found.labels, found.probabilities).expected_error,
        "confusion": found.confusion.tolist(),
    }


def _known(scores: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {key: None if math.isnan(score) else score for key, score in scores.items()}


def _lines(report: dict[str, Any]) -> list[str]:
    interval = f"95% interval {report['low']:.2%} to {report['high']:.2%}"
    lines = [
        f"accuracy {report['value']:.2%} ({interval}) on {report['n']} images",
        f"top-2 {report['top_2']['value']:.2%}, macro F1 {report['macro_f1']:.3f}, "
        f"expected calibration error {report['calibration_error']:.2%}",
    ]
    for key, share in report["recall"].items():
        lines.append(f"{key:>10} {'no images' if share is None else f'{share:.2%}'}")
    lines += _people_lines(report)
    for name, metric in report.get("hardships", {}).items():
        lines.append(f"{name:>14} {metric['value']:.2%} ({metric['low']:.2%} to {metric['high']:.2%})")
    for name, metric in report.get("whom", {}).items():
        interval = f"{metric['low']:.2%} to {metric['high']:.2%}"
        lines.append(f"{name:>24} {metric['value']:.2%} ({interval}) of {metric['n']}")
    return [*lines, *_difference_lines(report)] if "against" in report else lines


def _people_lines(report: dict[str, Any]) -> list[str]:
    lines = []
    if close := report.get("within_one_group"):
        lines.append(f"within one age group {close['value']:.2%} ({close['low']:.2%} to {close['high']:.2%})")
    if years := report.get("years"):
        lines.append(f"expected age wrong by {years['value']:.2f} years on average")
    for name, group in report.get("groups", {}).items():
        lines.append(f"{name:>12} {group['value']:.2%} of {group['n']}")
    return lines


def _difference_lines(report: dict[str, Any]) -> list[str]:
    other, found = report["against"], report["difference"]
    return [
        f"{other['model']}: accuracy {other['value']:.2%}, {found['value']:+.2%}",
        f"only the first is right {found['only_first']} times, only the second {found['only_second']} times "
        f"(McNemar p = {found['p_value']:.3g}, mid-p {found['mid_p']:.3g})",
    ]
