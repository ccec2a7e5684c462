"""Doubtful labels: what a network that has not seen the images finds unlikely."""

import streamlit as st

from emotion import jobs
from emotion.cnn.judge import doubtful_labels
from emotion.dataset.doctor import Report
from emotion.dataset.folder import Dataset
from emotion.i18n import _
from emotion.ui.dataset.common import job_key
from emotion.ui.guards import bundle_names, bundles
from emotion.ui.jobs import outcome


def added(dataset: Dataset, report: Report) -> Report:
    """The report with the doubtful labels found last."""
    found = [job for job in jobs.find(job_key(dataset, "suspects")) if job.result is not None]
    return report.adding(found[0].result) if found else report


def show(dataset: Dataset, report: Report) -> None:
    """The button that looks for doubtful labels."""
    with st.expander(_("Look for wrong labels"), icon=":material/rule:"):
        st.write(
            _(
                "A network that has not seen an image in its training says how likely the label is (confident "
                "learning, by cleanlab). Training images are judged by a quick classifier that was trained without "
                "them, five times with another fifth left out."
            )
        )
        known = {str(bundle.path): bundle for bundle in bundles()}
        names = {"": _("a quick classifier on gradients"), **bundle_names(list(known.values()))}
        source = st.selectbox(
            _("Who judges"),
            list(names),
            format_func=names.__getitem__,
            key="dataset.doctor.judge",
            help=_(
                "A network trained on such faces judges better, and takes longer. Of the images it was trained on it "
                "knows the labels by heart, so there it misses some."
            ),
        )
        bundle = known.get(source)
        digest = bundle.digest if bundle else ""
        key = f"{job_key(dataset, 'suspects')}:{digest}"
        asked = st.button(_("Look for wrong labels"), key="dataset.doctor.labels", icon=":material/search:")
        if asked:
            st.session_state["dataset.doctor.asked"] = key
        done = outcome(
            key, _("Asking about every label"), lambda told: doubtful_labels(dataset, report, bundle, told), asked
        )
        if done is None:
            return
        text = _("{n} doubtful labels were found.") if len(done.rows) else _("No label seems doubtful.")
        st.success(text.format(n=f"{len(done.rows):,}"), icon=":material/rule:")
        if st.session_state.get("dataset.doctor.asked") == key:  # The one that was just asked for is shown at once.
            del st.session_state["dataset.doctor.asked"]
            if len(done.rows):
                st.session_state["dataset.doctor.wanted"] = "suspect"
            st.rerun()
