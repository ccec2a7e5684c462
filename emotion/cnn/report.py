"""A run as one printable page, ``report.html``: what a student hands in. No scripts, no requests, no Keras."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from html import escape
from importlib.metadata import version
from pathlib import Path

import numpy as np

from emotion.cnn import svg
from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.card import PACKAGES, Metric
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import CURVE_TITLES, OPTION_NAMES, SETTING_NAMES, TrainConfig, augmentation_text
from emotion.cnn.evaluation import Evaluation, evaluate
from emotion.cnn.history import own_bundle, published
from emotion.cnn.report_page import figure, page, paragraph, picture, section, table
from emotion.cnn.runs import Run, best_row
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.pixels import fit
from emotion.errors import UserError
from emotion.files import printable, read_image, write_atomic, writing
from emotion.homes import REPOSITORY
from emotion.i18n import catalogue, decimal
from emotion.jobs import Progress
from emotion.labels import label_of

MISTAKES = 12
_MAIN = ("architecture", "epochs", "batch_size", "learning_rate", "schedule", "augmentation", "precision", "seed")
"""The settings that are always told, in this order."""
_OPTIONS = {"architecture": "network", "augmentation": "augment", "start_from": "from"}
"""Settings whose option of ``emotion train`` has a name of its own."""


@dataclass(frozen=True)
class _Facts:
    """What the report tells; ``problem`` says why there are no answers of the model, where there are none."""

    run: Run
    language: str
    bundle: Bundle | None = None
    dataset: Dataset | None = None
    found: Evaluation | None = None
    problem: UserError | None = None

    def words(self, text: str) -> str:
        return catalogue(self.language).get(text, text)

    def name(self, key: str) -> str:
        return label_of(key).name(self.language)


def write_report(run: Run, destination: Path, language: str = "en", progress: Progress | None = None) -> Path:
    """Write the report of a run to the file ``destination``, in ``language``, "en" or "ko", and return it.

    What the model answers on the validation split is measured anew, if the run has a bundle and its dataset is still
    there; ``progress`` is told (images done, images in all). The person's own comments are ``run.notes()``. Raises
    UserError for a damaged run and where the file can't be written.
    """
    facts = _gather(run, language, progress)
    parts = (_summary, _notes, _curves, _confusion, _mistakes, _settings, _data, _again, _card)
    _ = facts.words
    title = _("Training report")
    text = page(f"{title} · {run.config().name}", language, [part(facts) for part in parts])
    with writing(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(destination, text)
    return destination


def train_command(config: TrainConfig) -> str:
    """The command that trains with these settings; what it does not name is as by default."""
    config = _without_home(config)
    said = [f'--data "{config.data}"', f'--name "{config.name}"']
    always = {"epochs", "batch_size", "architecture", "seed"}
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in {"data", "name"} and (field.name in always or value != field.default):
            said.append(_option(field.name, value))
    return " ".join(["python -m emotion train", *said])


def _option(name: str, value: object) -> str:
    option = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
    if isinstance(value, bool):
        return option
    return f'{option} "{value}"' if isinstance(value, str) and not value.isidentifier() else f"{option} {value}"


def _shown(path: Path) -> str:
    """A path without the person's name in it: a report is handed in."""
    for top, short in ((REPOSITORY, ""), (Path.home(), "~/")):
        if path.is_relative_to(top):
            return short + path.relative_to(top).as_posix()
    return printable(str(path))


def _without_home(config: TrainConfig) -> TrainConfig:
    """The settings with their paths as ``_shown`` gives them; names of models stay."""
    teachers = ",".join(_shown(Path(name.strip())) for name in config.teachers.split(",")) if config.teachers else ""
    start_from = _shown(Path(config.start_from)) if config.start_from else ""
    unlabelled = _shown(Path(config.unlabelled)) if config.unlabelled else ""
    return replace(
        config, data=_shown(Path(config.data)), start_from=start_from, teachers=teachers, unlabelled=unlabelled
    )


def _told(value: object) -> object:
    """A value of an error, a path as ``_shown`` gives it."""
    return _shown(Path(value)) if isinstance(value, Path | str) and Path(value).is_absolute() else value


def _gather(run: Run, language: str, progress: Progress | None) -> _Facts:
    bundle = dataset = None
    try:
        dataset = open_dataset(run.config().data)
        if not (own := own_bundle(run)):
            raise UserError("The run has no model yet. Publish it to see what it answers.")
        if not published(run):
            raise UserError(
                "The run has had a better epoch since its model was made. Make the model anew to see what it answers."
            )
        bundle = load_bundle(own)
        found = evaluate(Classifier(bundle), dataset, "validation", progress)
        return _Facts(run, language, bundle, dataset, found)
    except UserError as problem:
        return _Facts(run, language, bundle, dataset, problem=problem)


def _summary(facts: _Facts) -> str:
    _, run = facts.words, facts.run
    rows = run.metrics()
    listed = [(_("Run"), run.name), (_("Date of this report"), datetime.now().strftime("%Y-%m-%d %H:%M"))]
    if best := best_row(rows):
        text = _("{epoch} of {epochs}, accuracy {share} on the validation images")
        values = {"epoch": int(best["epoch"]), "epochs": len(rows), "share": f"{best['val_accuracy']:.1%}"}
        line = text.format(**values)
        if run.config().votes:
            mixed = _("by label and FER+ votes mixed")
            line += f" ({mixed})"
        listed.append((_("Best epoch"), line))
    if facts.found:
        listed += [(_("Accuracy of the model"), _share(facts, facts.found.accuracy))]
        listed += [(_("Right among its first two answers"), _share(facts, facts.found.top_2))]
    return section(_("Result"), table(listed))


def _share(facts: _Facts, metric: Metric) -> str:
    _ = facts.words
    text = _("{share} (95% interval {low} to {high}, {n} images)")
    shares = {name: f"{getattr(metric, name):.1%}" for name in ("low", "high")}
    return text.format(share=f"{metric.value:.1%}", n=f"{metric.n:,}", **shares)


def _notes(facts: _Facts) -> str:
    _, notes = facts.words, facts.run.notes().strip()
    return section(_("My comments"), paragraph(notes)) if notes else ""


def _curves(facts: _Facts) -> str:
    _, rows = facts.words, facts.run.metrics()

    def points(column: str) -> list[tuple[float, float]]:
        return [(row["epoch"], row[column]) for row in rows if column in row]

    names = (_("training"), _("validation"))
    drawn = [
        svg.curves(points(name), points(f"val_{name}"), _(title), names, _("epoch"), percent=name == "accuracy")
        for name, title in CURVE_TITLES.items()
    ]
    return section(_("Learning curves"), f'<div class="row">{"".join(drawn)}</div>') if rows else ""


def _confusion(facts: _Facts) -> str:
    _ = facts.words
    title = _("Confusion matrix")
    if found := facts.found:
        names = [facts.name(key) for key in found.classes]
        chart = svg.confusion(found.confusion, names, _("True class"), _("Answer"))
        head = [_("Class"), _("Images"), _("Recall"), _("Precision"), "F1"]
        shares = zip(*map(_percent, (found.recall, found.precision, found.f1)), strict=True)
        counts = found.confusion.sum(axis=1)
        return section(
            title, chart, table([[*row, *rest] for *row, rest in zip(names, counts, shares, strict=True)], head)
        )
    problem = facts.problem
    told = {name: _told(value) for name, value in problem.values.items()} if problem else {}
    sentence = facts.words(problem.template).format(**told) if problem else ""
    return section(title, paragraph(sentence))


def _percent(shares: dict[str, float]) -> list[str]:
    return ["–" if np.isnan(share) else f"{share:.1%}" for share in shares.values()]


def _mistakes(facts: _Facts) -> str:
    _, found, dataset = facts.words, facts.found, facts.dataset
    if not found or not dataset:
        return ""
    wrong = np.flatnonzero(found.answers != found.labels)
    surest = wrong[np.argsort(-found.confidence[wrong], kind="stable")][:MISTAKES]
    caption = _("{true}, answered {answer} ({share})")
    pictures = [
        figure(
            picture(fit(read_image(dataset.root / dataset.everything.paths[found.rows[place]], gray=True), (96, 96))),
            caption.format(
                true=facts.name(found.classes[found.labels[place]]),
                answer=facts.name(found.classes[found.answers[place]]),
                share=f"{found.confidence[place]:.0%}",
            ),
        )
        for place in surest
    ]
    count = _("{wrong} of {n} images were answered wrong. These are the ones it was surest of.")
    text = paragraph(count.format(wrong=len(wrong), n=found.n))
    return section(_("Most confident mistakes"), text, f'<div class="faces">{"".join(pictures)}</div>')


def _settings(facts: _Facts) -> str:
    _, config = facts.words, _without_home(facts.run.config())
    used = facts.run.setting().get("precision", config.precision)
    shown = {**vars(config), "precision": used}
    shown = {name: decimal(value) if isinstance(value, float) else value for name, value in shown.items()}
    shown |= {name: _("yes") if value else _("no") for name, value in shown.items() if isinstance(value, bool)}
    shown |= {name: _(options.get(str(shown[name]), str(shown[name]))) for name, options in OPTION_NAMES.items()}
    shown["augmentation"] = augmentation_text(config.augmentation, _)
    rows = [(_(SETTING_NAMES[name]), shown[name]) for name in _MAIN]
    others = [field for field in fields(config) if field.name not in {*_MAIN, "data", "name", "task"}]
    rows += [
        (_(SETTING_NAMES[field.name]), shown[field.name])
        for field in others
        if getattr(config, field.name) != field.default
    ]
    return section(_("Settings"), table(rows))


def _data(facts: _Facts) -> str:
    _, setting = facts.words, facts.run.setting()
    fingerprint = setting.get("fingerprint") or {}
    title = _(facts.dataset.title) if facts.dataset else _shown(Path(facts.run.config().data))
    rows: list[tuple[str, object]] = [(_("Dataset"), title)]
    counts = {_(split): n for split, n in fingerprint.get("counts", {}).items()}
    rows += [(_("Images per split"), ", ".join(f"{split} {n:,}" for split, n in counts.items()))]
    rows += [(_("Hash of the file list"), fingerprint.get("files_sha256", "–"))]
    rows += [(_("Left out, unreadable"), len(setting.get("unreadable", ())))]
    if facts.dataset:
        rows += [(_("Terms of use"), _(facts.dataset.terms))]
    if more := setting.get("unlabelled"):
        title = _(more["title"])
        rows += [(_("Faces without labels"), f"{title}: {more['images']:,}")]
        rows += [(_("Terms of use"), _(more["terms"]))]
    return section(_("Data"), table(rows))


def _again(facts: _Facts) -> str:
    _ = facts.words
    text = _("In the project folder, with the same data at that place:")
    return section(_("Do it again"), paragraph(text), f"<pre>{escape(train_command(facts.run.config()))}</pre>")


def _card(facts: _Facts) -> str:
    _, bundle = facts.words, facts.bundle
    rows: list[tuple[str, object]] = []
    if bundle:
        card = bundle.card
        rows = [(_("Model"), card.name), (_("Task"), card.task), (_("Parameters"), f"{card.parameters:,}")]
        scaling = _(card.input.scaling)
        rows += [(_("Input"), f"{card.input.height}×{card.input.width}, {scaling}")]
        rows += [
            (_("Made"), card.created[:16].replace("T", " ") + " UTC"),
            *([(_("Notes"), _(card.notes))] if card.notes else []),
        ]
    versions = bundle.card.versions if bundle else {package: version(package) for package in PACKAGES}
    rows += [(package, number) for package, number in versions.items()]
    return section(_("Model card and library versions"), table(rows))
