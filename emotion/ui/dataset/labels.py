"""Doubtful labels: what a network that has not seen the images finds unlikely, and what most people disagree with."""

import os

import numpy as np
import streamlit as st

from emotion import jobs
from emotion.cnn.bundle import TFLITE, Bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.doctor import Finding, Report
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import load_images
from emotion.dataset.splits import SPLITS
from emotion.dataset.suspects import disagreements, suspects
from emotion.i18n import _
from emotion.jobs import Progress
from emotion.ui.dataset.common import job_key, votes
from emotion.ui.guards import bundle_title, bundles
from emotion.ui.jobs import outcome


def added(dataset: Dataset, report: Report) -> Report:
    """The report with the doubtful labels found so far."""
    voted = votes(dataset)
    if voted is not None:
        rows = disagreements(dataset.everything.labels, voted.majority(dataset.classes))
        report = report.adding(Finding("votes", rows))
    found = [job for job in jobs.find(job_key(dataset, "suspects")) if job.result is not None]
    return report.adding(found[0].result) if found else report


def show(dataset: Dataset, report: Report) -> None:
    """The button that looks for doubtful labels."""
    with st.expander(_("Look for wrong labels"), icon=":material/rule:", expanded="suspect" not in report.findings):
        st.write(
            _(
                "A network that has not seen an image in its training says how likely the label is (confident "
                "learning, by cleanlab). Training images are judged by a quick classifier that was trained without "
                "them, five times with another fifth left out."
            )
        )
        known = {str(bundle.path): bundle for bundle in bundles()}
        source = st.selectbox(
            _("Who judges"),
            ["", *known],
            format_func=lambda path: bundle_title(known[path]) if path else _("a quick classifier on gradients"),
            key="dataset.doctor.judge",
            help=_(
                "A network trained on such faces judges better, and takes longer. Of the images it was trained on it "
                "knows the labels by heart, so there it misses some."
            ),
        )
        bundle = known.get(source)
        digest = bundle.card.files[TFLITE] if bundle else ""
        key = f"{job_key(dataset, 'suspects')}:{digest}"
        asked = st.button(_("Look for wrong labels"), key="dataset.doctor.labels", icon=":material/search:")
        before = "suspect" in report.findings
        done = outcome(key, _("Asking about every label"), lambda told: _suspects(dataset, report, bundle, told), asked)
        if done is not None and not before:
            st.session_state["dataset.doctor.finding"] = "suspect"
            st.rerun()


def _suspects(dataset: Dataset, report: Report, bundle: Bundle | None, progress: Progress) -> Finding:
    rows = np.flatnonzero(report.facts.readable)
    files = dataset.everything
    if bundle is None:
        return suspects(
            dataset, rows, lambda some: load_images(dataset.root, files.take(some)).pixels, progress=progress
        )
    spec, classifier = bundle.card.input, Classifier(bundle, threads=os.cpu_count() or 1)
    predict = classifier.predict if bundle.card.classes == dataset.classes else None
    return suspects(
        dataset,
        rows,
        lambda some: load_images(dataset.root, files.take(some), (spec.height, spec.width)).pixels,
        classifier.embed,
        predict,
        # Whatever the bundle was trained on, it was on no more than a train split.
        dataset.split_of == SPLITS.index("train"),
        progress,
    )
