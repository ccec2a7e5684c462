"""Step 4, the cascade: OpenCV's own file opened, and every window of a photo followed through it."""

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar.boxes import same
from emotion.haar.cascade import Cascade
from emotion.haar.detector import ACCURATE, FRONTAL, DetectorSettings, FaceDetector
from emotion.haar.grouping import find_groups
from emotion.haar.photos import shrink, webcam_still
from emotion.haar.scan import Scan
from emotion.i18n import _, error_text, minus, plain
from emotion.plots.cascade import funnel_figure, stages_figure
from emotion.plots.cascade_pictures import depth_colours, feature_on
from emotion.ui import chart
from emotion.ui.haar import window
from emotion.ui.haar.common import choose_gray
from emotion.ui.haar.player import player
from emotion.ui.haar.scanning import (
    Opened,
    begin,
    by_opencv,
    cascade_names,
    ended,
    picture_key,
    shipped,
    uploaded,
)
from emotion.ui.source import show_code
from emotion.ui.tiles import Tile, wall

_UPLOAD = "upload"
_STRONGEST = 9
_SMALLEST = 20
_MEGABYTES = 5  # OpenCV’s largest cascade has 3; opened, a file takes forty times as much.


@st.fragment
def show() -> None:
    """The whole step."""
    st.markdown(
        _(
            "A window slides over the photo, again and again, each time larger. A **cascade** of stages, later ones "
            "mostly with more weak classifiers, throws out early what is no face. Where many of the windows that "
            "are left overlap, there is a face."
        )
    )
    try:
        opened = _choose_cascade()
    except UserError as error:
        st.error(error_text(error))
        return
    if opened is None:
        return
    _stages(opened)
    _scan(opened)
    show_code(Cascade.scan, Cascade.explain)


def _choose_cascade() -> Opened | None:
    """A cascade of OpenCV's or a file of the reader's own; None until there is one."""
    names = cascade_names() | {_UPLOAD: _("A file of your own (XML)")}
    name = st.selectbox(
        _("Cascade"), list(names), format_func=names.__getitem__, key="haar.opened", persist_state="session",
        help=_("OpenCV brings them ready-made: thousands of weak classifiers that took weeks to train."),
    )  # fmt: skip
    if name != _UPLOAD:
        return shipped(name)
    kept = "haar.kept.xml"

    def keep() -> None:
        st.session_state.pop(kept, None)
        if file := st.session_state["haar.xml"]:
            st.session_state[kept] = (file.getvalue(), file.name)

    st.file_uploader(
        _("A cascade of Haar features, as opencv_traincascade writes it"), ["xml"], key="haar.xml",
        max_upload_size=_MEGABYTES, on_change=keep,
    )  # fmt: skip
    if kept not in st.session_state:
        return None
    data, title = st.session_state[kept]
    if st.session_state["haar.xml"] is None:
        st.caption(_("Still shown: {name}").format(name=plain(title)))
    return uploaded(data, title)


@st.fragment
def _stages(opened: Opened) -> None:
    """How many weak classifiers each stage has, and the strongest features of one."""
    cascade = opened.cascade
    weak, slider = [len(stage.weak) for stage in cascade.stages], f"haar.stage.{opened.digest}"
    width, height = cascade.window
    values = {
        _("Window"): f"{width} × {height}", _("Stages"): str(len(weak)), _("Weak classifiers"): f"{sum(weak):,}",
        _("Features"): f"{len(cascade.features):,}",
    }  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for name, value in values.items():
            st.metric(name, value, width="content")
    left, right = st.columns(2, gap="large")
    with right:
        stage = st.slider(_("Stage"), 1, len(weak), key=slider) if len(weak) > 1 else 1
        _strongest(opened, stage - 1)

    def clicked(numbers: list[int]) -> None:
        st.session_state[slider] = numbers[0]

    with left:
        st.markdown(_("**Weak classifiers in each stage.** Click a bar to see its features."))
        chart.clickable(stages_figure(weak, stage - 1), f"haar.stages.{opened.digest}", clicked)
        st.caption(
            _("The first stages are short: most windows end there, after a few sums. That is why a cascade is fast.")
        )


def _strongest(opened: Opened, stage: int) -> None:
    """The features whose votes lie farthest apart, drawn on what the cascade looks for."""
    cascade, (ground, found) = opened.cascade, _ground(opened.digest, opened.cascade)
    tiles = []
    for number, weak in enumerate(cascade.stages[stage].strongest(_STRONGEST)):
        feature = cascade.features[weak.nodes[0].feature]
        drawn = feature_on(ground, cascade.window, feature, 144)
        # Of a tree, with three votes or more, only the first question's feature is drawn.
        votes = minus(" / ".join(f"{leaf:+.2f}" for leaf in weak.leaves))
        picture = cv2.imencode(".png", drawn[..., ::-1])[1].tobytes()
        tiles.append(Tile(number, picture, votes, "transparent", votes))
    wall(tiles, f"haar.strongest.{opened.digest}", 96, clickable=False)
    st.caption(
        _("The strongest features: black is added, white taken away. Below each its votes, for a low and a high value.")
    )
    if not found:
        st.caption(_("The sample photo shows nothing that this cascade looks for, so its features lie on gray."))


@st.cache_data(max_entries=32, show_spinner=False)
def _ground(digest: str, _cascade: Cascade) -> tuple[np.ndarray, bool]:
    """What a cascade is surest of in the sample photo, in the face if it finds something there: uint8 (h, w).

    Plain gray and False where it finds nothing.
    """
    gray = cv2.cvtColor(shrink(webcam_still(), 480), cv2.COLOR_BGR2GRAY)
    groups = find_groups(_cascade.scan(gray, 1.2).raw, 1)
    if not groups.kept.any():
        return np.full((144, 144), 128, np.uint8), False
    sure, middle = groups.sizes * groups.kept, (groups.boxes[:, :2] + groups.boxes[:, 2:]) / 2
    # A smile is seen in many a fold of cloth too.
    for face in FaceDetector(FRONTAL, *ACCURATE).detect(gray):
        inside = sure * ((middle > face[:2]) & (middle < face[2:])).all(axis=1)
        sure = inside if inside.any() else sure
    left, top, right, bottom = np.maximum(groups.boxes[np.argmax(sure)], 0)
    return gray[top:bottom, left:right], True


@st.fragment
def _scan(opened: Opened) -> None:
    """A photo, scanned: the funnel, the heat map, the window that is clicked, and the scan as a film."""
    st.subheader(_("Scan a photo"))
    gray = choose_gray()
    if gray is None:
        return
    settings, key = _settings(), picture_key(gray)
    try:
        scan = ended(begin("cascade", gray, opened, settings))
    except UserError as error:
        st.error(error_text(error))
        return
    if scan is None:
        return
    _windows(opened, scan, key, settings)
    _film(scan, f"{opened.digest}:{key}:{settings}")


def _film(scan: Scan, name: str) -> None:
    st.subheader(_("Watch the window at work"))
    left, right = st.columns([3, 2], gap="large")
    with left:
        player(scan, name, "haar.player")
    with right:
        st.markdown(
            _(
                "Row by row the window tries place after place, then it grows and begins anew; the smallest ones move "
                "by two pixels. OpenCV shrinks the picture instead and keeps the window as it is, which comes to the "
                "same: the small row shows it."
            )
        )
        st.markdown(
            _("The colour says how deep a window came. Most are gone after a stage or two; bright spots cost time.")
        )
        _legend(len(scan.thresholds))


def _settings() -> DetectorSettings:
    left, right = st.columns(2)
    factor = left.slider(
        "scaleFactor", 1.05, 1.5, 1.1, 0.05, key="haar.scan.factor", persist_state="session",
        help=_("How much the window grows from scan to scan."),
    )  # fmt: skip
    side = right.slider(
        "minSize", _SMALLEST, 200, _SMALLEST, 2, key="haar.scan.size", persist_state="session",
        help=_("The smallest face looked for, in pixels."),
    )  # fmt: skip
    return DetectorSettings(factor, 0, (side, side))


@st.fragment
def _windows(opened: Opened, scan: Scan, photo: str, settings: DetectorSettings) -> None:
    """Heat map and funnel beside each other, and below what happened to the window that is clicked."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(_("**How deep did the windows come?** Click any place to see what happened there."))
        place = window.choose(scan, photo)
        _legend(len(scan.thresholds))
    with right:
        st.markdown(_("**How many windows are left after each stage?**"))
        chart.show(funnel_figure(scan.funnel), "haar.funnel")
        _compare(opened, scan, photo, settings)
    if place is None:
        st.info(_("No window has its middle so near to the edge. Click further inside."))
        return
    with st.container(border=True, key="haar-window"):
        window.explain(
            opened.cascade, scan, place, f"{opened.digest}.{photo}.{settings.scale_factor}.{settings.min_size}"
        )


def _compare(opened: Opened, scan: Scan, photo: str, settings: DetectorSettings) -> None:
    """Whether OpenCV finds the same boxes: asked there and then."""
    if opened.name is None:
        return
    boxes, ours = by_opencv(photo, opened.name, settings, scan.gray).boxes, scan.accepted
    if same(boxes, ours) and not len(ours):
        st.info(_("No window came through all stages; OpenCV finds none either."))
    elif same(boxes, ours):
        text = _("The same {n} boxes as OpenCV, to the pixel: checked just now on this photo.")
        st.success(text.format(n=len(ours)), icon=":material/verified:")
    else:
        text = _("OpenCV finds {theirs} boxes here, this scan {ours}: they are not the same.")
        st.error(text.format(theirs=len(boxes), ours=len(ours)))


def _legend(stages: int) -> None:
    """What the colours of the heat map and the player stand for."""
    flat, *deeper, accepted = (f"rgb{tuple(colour)}" for colour in depth_colours(stages).tolist())
    ramp = f"linear-gradient(90deg, {', '.join(deeper)})"

    def bar(ground: str, wide: str = "width: 22px") -> str:
        return f"<div style='{wide}; height: 10px; border-radius: 5px; background: {ground}'></div>"

    none, first, last, passed = _("too little contrast"), _("stage 1"), _("stage {n}"), _("accepted")
    st.html(
        "<div style='display: flex; flex-wrap: wrap; align-items: center; gap: 8px; font-size: .85rem'>"
        f"{bar(flat)}<span>{none}</span><span>{first}</span>{bar(ramp, 'flex: 1; min-width: 60px')}"
        f"<span>{last.format(n=stages)}</span>{bar(accepted)}<span>{passed}</span></div>"
    )
