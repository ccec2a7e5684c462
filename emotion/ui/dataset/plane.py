"""Map: all images in one plane, coloured by class; what is picked there is shown."""

import numpy as np
import streamlit as st

from emotion.cnn.judge import embedding_plane
from emotion.dataset.explore import Plane
from emotion.dataset.folder import Dataset
from emotion.i18n import _
from emotion.plots.explore import plane_figure
from emotion.ui import chart
from emotion.ui.dataset import picture
from emotion.ui.dataset.common import job_key, picture_wall
from emotion.ui.guards import bundle_names, bundles
from emotion.ui.jobs import outcome

_COUNTS = (1_000, 3_000, 10_000, 30_000)
_PICKED, _ENDS = 24, 6
"""Images shown of what was picked, and of each end of an axis."""


def show(dataset: Dataset) -> None:
    """The whole view."""
    st.caption(
        _(
            "Every image is a long list of numbers: a point in a space of many dimensions. Principal component "
            "analysis (PCA) finds the plane on which these points lie furthest apart."
        )
    )
    found = {str(bundle.path): bundle for bundle in bundles()}
    names = {"": _("its raw pixels"), **bundle_names(list(found.values()))}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            _("Numbers of an image"),
            list(names),
            format_func=names.__getitem__,
            key="dataset.map.source",
            help=_("Raw pixels are what the camera saw; a network’s last layer but one is what it makes of them."),
            width=300,
        )
        drags = {"lasso": _("Lasso"), "pan": _("Click")}
        drag = st.segmented_control(
            _("Pick by"),
            list(drags),
            default="lasso",
            format_func=drags.__getitem__,
            key="dataset.map.drag",
            required=True,
        )
        count = st.select_slider(
            _("Images at most"), _COUNTS, 3_000, format_func=lambda n: f"{n:,}", key="dataset.map.count", width=200
        )
    bundle = found.get(source)
    digest = bundle.digest if bundle else ""
    plane = outcome(
        job_key(dataset, f"plane:{digest}:{count}"),
        _("Laying out the images"),
        lambda told: embedding_plane(dataset, count, bundle, told),
    )
    if plane is not None:
        _show_plane(dataset, plane, str(drag), f"{digest[:8]}.{count}.{drag}")


def _show_plane(dataset: Dataset, plane: Plane, drag: str, state: str) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        labels = dataset.everything.labels[plane.rows]
        figure = plane_figure(plane.xy, labels, dataset.classes, plane.explained, drag)
        points = chart.picked(figure, f"dataset.map.{dataset.root}.{state}")
    with right:
        if not points:
            _ends(dataset, plane)
            return
        st.markdown(_("**Picked: {n}**").format(n=f"{len(points):,}"))
        # Evenly from all of them: the points come class by class.
        few = np.unique(np.linspace(0, len(points) - 1, min(len(points), _PICKED)).astype(int))
        rows = plane.rows[np.array(points)[few]]
        if len(points) > _PICKED:
            st.caption(_("{n} of them are shown, from all classes.").format(n=_PICKED))
        clicked = picture_wall(dataset, rows, f"dataset.map.wall.{hash(tuple(rows.tolist()))}", side=56)
        picture.show(dataset, int(rows[0]) if clicked is None else clicked, "dataset.map.picture")


def _ends(dataset: Dataset, plane: Plane) -> None:
    """What the two axes mean: the images at their ends."""
    st.info(_("Draw round some points, or click one: see their images here."), icon=":material/lasso_select:")
    ends = ((0, _("Far left"), _("Far right")), (1, _("Far down"), _("Far up")))
    for axis, low, high in ends:
        order = plane.rows[np.argsort(plane.xy[:, axis])]
        for name, rows in ((low, order[:_ENDS]), (high, order[: -_ENDS - 1 : -1])):
            st.caption(name)
            picture_wall(dataset, rows, f"dataset.map.ends.{axis}.{name}.{rows[0]}", side=44)
