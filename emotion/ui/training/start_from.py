"""Advanced settings: a trained network to start from."""

from pathlib import Path

import streamlit as st

from emotion.cnn.config import ARCHITECTURES, TrainConfig
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.labels import class_names
from emotion.ui.guards import bundle_names, bundles, datasets, distinct
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import origin, value


def show(dataset: Dataset, config: TrainConfig | None) -> None:
    """The whole group."""
    _start(dataset)
    _teacher(dataset)
    _unlabelled(dataset)


def _start(dataset: Dataset) -> None:
    known = bundles()
    usable = [bundle for bundle in known if bundle.card.architecture in ARCHITECTURES]
    names = {"": _("nothing: random weights"), **bundle_names(usable)}
    if (chosen := value("start_from")) not in names:  # A run's folder, or a bundle that is gone: the check says so.
        names = distinct({**names, chosen: Path(chosen).name})
    st.selectbox(options=list(names), format_func=names.__getitem__, **widget("start_from"))
    if others := [bundle.path.name for bundle in known if bundle not in usable]:
        st.caption(
            _("Not offered, since they are networks of another kind than those here: {names}").format(
                names=plain(", ".join(others))
            )
        )
    st.toggle(disabled=not value("start_from"), **widget("freeze"))
    if not value("start_from"):
        st.caption(
            _(
                "Here every weight is random at first. With a trained model the network can see already: it goes on "
                "where the classes are the same (the course’s loaded_model.fit), and learns a new answer where they "
                "differ."
            )
        )
        return
    try:
        _head(origin(value("start_from")).classes, dataset)
    except UserError as error:
        st.error(error_text(error))


def _teacher(dataset: Dataset) -> None:
    size = value("size")
    fitting = [
        bundle
        for bundle in bundles()
        if set(bundle.card.classes) == set(dataset.classes)
        and bundle.card.input.height == bundle.card.input.width == size
    ]
    names = {"": _("no teacher"), **bundle_names(fitting)}
    if (chosen := value("teachers")) not in names:  # Several, or one that is gone: the worker says so.
        names = distinct({**names, chosen: chosen})
    left, right = st.columns(2, gap="medium")
    left.selectbox(options=list(names), format_func=names.__getitem__, **widget("teachers"))
    right.slider(
        min_value=0.0, max_value=1.0, step=0.05, format="percent", disabled=not value("teachers"), **widget("taught")
    )


def _unlabelled(dataset: Dataset) -> None:
    """The known datasets, whose faces may be learned from a teacher's answers."""
    others = {str(root): root.name for root in datasets() if root.resolve() != dataset.root.resolve()}
    names = {"": _("none"), **distinct(others)}
    if (chosen := value("unlabelled")) not in names:  # One that is gone: the check says so.
        names = distinct({**names, chosen: Path(chosen).name})
    st.selectbox(
        options=list(names), format_func=names.__getitem__, disabled=not value("teachers"), **widget("unlabelled")
    )


def _head(classes: tuple[str, ...], dataset: Dataset) -> None:
    """Say what becomes of the last layer."""
    if classes == dataset.classes:
        st.success(_("The last layer is kept: the model knows the same classes."), icon=":material/link:")
        return
    st.info(
        _("The last layer will be new: the model answers {old}, the dataset has {new}.").format(
            old=plain(", ".join(class_names(classes))), new=plain(", ".join(class_names(dataset.classes)))
        ),
        icon=":material/add_link:",
    )
