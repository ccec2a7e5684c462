"""AdaBoost at work: step, play and back through its rounds, and what each of them chose and changed."""

import numpy as np
import streamlit as st

from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.haar.adaboost import Round, first_weights
from emotion.haar.lesson import Lesson
from emotion.i18n import _, error_text, minus
from emotion.plots.boosting import errors_chart, roc_chart
from emotion.plots.features import feature_picture
from emotion.ui.chart import grow
from emotion.ui.haar import samples
from emotion.ui.haar.common import kind_name
from emotion.ui.tiles import Tile, wall

_PACE = 1.2
"""Seconds a round while it plays: time to see what has grown."""
_AT_MOST = 100
_PLAYING = "haar.playing"
_TERMS = 3
"""Terms of the strong classifier that are written out."""


def show(key: str, lesson: Lesson) -> None:
    """The buttons and the rounds of a lesson; ``key`` tells it from others, whose rounds are kept as well."""
    done = _rounds(key)
    full = len(done) >= _AT_MOST or _end(key) is not None
    playing = bool(st.session_state.get(_PLAYING)) and not full
    with st.container(horizontal=True, key="haar-rounds"):
        button = st.button
        button(_("Back"), key="haar.back", icon=":material/undo:", on_click=_back, args=(key,),
               disabled=not (done or playing))  # fmt: skip
        button(_("Next round"), key="haar.next", icon=":material/skip_next:", on_click=_step, args=(key, lesson),
               disabled=full)  # fmt: skip
        label, icon = (_("Pause"), ":material/pause:") if playing else (_("Play"), ":material/play_arrow:")
        button(label, key="haar.play", icon=icon, on_click=_play, args=(not playing,), disabled=full)
        button(_("Start over"), key="haar.restart", icon=":material/restart_alt:", on_click=_restart, args=(key,),
               disabled=not (done or playing))  # fmt: skip
    st.fragment(_board, run_every=_PACE if playing else None)(key, lesson)


def _rounds(key: str) -> tuple[Round, ...]:
    return st.session_state.get("haar.rounds", {}).get(key, ())


def _end(key: str) -> UserError | None:
    """Why no round follows the last one, once that has been tried."""
    count, why = st.session_state.get("haar.rounds_end", {}).get(key, (0, None))
    return why if count == len(_rounds(key)) else None


def _keep(key: str, rounds: tuple[Round, ...]) -> None:
    st.session_state["haar.rounds"] = {**st.session_state.get("haar.rounds", {}), key: rounds}


def _step(key: str, lesson: Lesson) -> None:
    """A round more; where there is none, that is said and nothing plays on."""
    st.session_state[_PLAYING] = False
    _advance(key, lesson)


def _advance(key: str, lesson: Lesson) -> bool:
    done = _rounds(key)
    try:
        _keep(key, (*done, lesson.next(done)))
        return len(done) + 1 < _AT_MOST
    except UserError as error:
        st.session_state["haar.rounds_end"] = {**st.session_state.get("haar.rounds_end", {}), key: (len(done), error)}
        return False


def _play(on: bool) -> None:
    st.session_state[_PLAYING] = on


def _back(key: str) -> None:
    _play(False)
    _keep(key, _rounds(key)[:-1])


def _restart(key: str) -> None:
    _play(False)
    _keep(key, ())


def _board(key: str, lesson: Lesson) -> None:
    if st.session_state.get(_PLAYING) and not _advance(key, lesson):
        _play(False)
        st.rerun()  # The whole page: the button says Play again.
    done = _rounds(key)
    if error := _end(key):
        st.info(error_text(error))
    if not done:
        st.info(
            _(
                "{faces} faces and {others} other patches weigh the same at first. Press **Next round**: AdaBoost "
                "looks through {features} features for the one that tells them apart best."
            ).format(
                faces=int(lesson.train_faces.sum()),
                others=int((~lesson.train_faces).sum()),
                features=f"{len(lesson.bank):,}",
            )
        )
    else:
        _last_round(lesson, done)
    _weights(lesson, done)
    if done:
        _strong(lesson, done)


def _last_round(lesson: Lesson, done: tuple[Round, ...]) -> None:
    """The feature that was chosen, on the mean face, its numbers, and the error so far."""
    found = done[-1]
    feature = lesson.feature(found)
    picture, numbers, curve = st.columns([1, 1.3, 1.7], gap="medium", vertical_alignment="center")
    picture.image(feature_picture(_mean_face(lesson), feature, 288), width="stretch")
    picture.caption(_("On the mean of all training faces"))
    with numbers:
        _numbers(lesson, found, len(done))
    with curve:
        grow(errors_chart(lesson.errors(done)), "haar-errors")


def _numbers(lesson: Lesson, found: Round, number: int) -> None:
    """Kind, threshold and polarity, error and say of a round."""
    st.markdown(_("**Round {number}: {kind}**").format(number=number, kind=kind_name(lesson.feature(found).kind)))
    sign = "<" if found.stump.polarity > 0 else ">"
    st.markdown(
        _("A face where black − white **{sign} {threshold}**").format(
            sign=f"\\{sign}", threshold=minus(f"{found.stump.threshold:.1f}")
        ),
        help=_("Threshold and polarity; the value is measured in even light, each patch at mean 0 and deviation 1."),
    )
    st.markdown(
        _("Wrong: **{count}** of {n}, which together weigh **ε = {error}**").format(
            count=int(found.wrong.sum()), n=len(found.wrong), error=f"{found.error:.4f}"
        )
    )
    st.latex(rf"\alpha = \ln\frac{{1 - \varepsilon}}{{\varepsilon}} = {found.alpha:.2f}")
    st.caption(_("α is its say in the vote: the less it errs, the more."))


def _mean_face(lesson: Lesson) -> np.ndarray:
    return np.rint(lesson.train.gray[lesson.train_faces].mean(axis=0)).astype(np.uint8)


def _weights(lesson: Lesson, done: tuple[Round, ...]) -> None:
    """The training patches, as large as their weights for the next round."""
    st.markdown(
        _("**The samples, each as large as it weighs**"),
        help=_("Framed: wrong in this round, so it grows. Right: times ε / (1 − ε), so it shrinks."),
    )
    weights = done[-1].weights_after if done else first_weights(lesson.train_faces)
    wrong = done[-1].wrong if done else np.zeros(len(weights), bool)
    samples.show(lesson.train, lesson.train_faces, weights, wrong)
    if wrong.any():
        st.caption(_("Framed: wrong in this round. In the next one they count for half of everything."))


def _strong(lesson: Lesson, done: tuple[Round, ...]) -> None:
    """All rounds as pictures, the vote as a formula, and the ROC."""
    st.markdown(_("**The strong classifier: {n} of them vote**").format(n=len(done)))
    mean = _mean_face(lesson)
    tiles = [
        Tile(number, encode(feature_picture(mean, lesson.feature(found), 64)), _tip(lesson, found, number),
             "#8A8A8A", f"{found.alpha:.2f}")
        for number, found in enumerate(done, 1)
    ]  # fmt: skip
    wall(tiles, "haar.strip", 56, clickable=False)
    left, right = st.columns([1.2, 1], gap="large", vertical_alignment="center")
    with left:
        _formula(done)
        _score(lesson, done)
    with right:
        grow(roc_chart(lesson.rocs(done)), "haar-roc")


def _tip(lesson: Lesson, found: Round, number: int) -> str:
    text = _("Round {number}: {kind}, error {error}, α {alpha}")
    name = kind_name(lesson.feature(found).kind)
    return text.format(number=number, kind=name, error=f"{found.error:.4f}", alpha=f"{found.alpha:.2f}")


def _formula(done: tuple[Round, ...]) -> None:
    terms = [rf"{found.alpha:.2f}\,h_{{{number}}}" for number, found in enumerate(done, 1)]
    if len(terms) > _TERMS:
        terms = [*terms[: _TERMS - 1], r"\dots", terms[-1]]
    half = sum(found.alpha for found in done) / 2
    # Two lines, or a phone cuts it off.
    st.latex(rf"\begin{{gathered}} {' + '.join(terms)} \\ \ge\; \tfrac12\sum_t \alpha_t = {half:.2f} \end{{gathered}}")
    st.caption(_("It is a face where this holds; each h is 1 where its feature says “face”, else 0."))


def _score(lesson: Lesson, done: tuple[Round, ...]) -> None:
    train, held_out = lesson.errors(done)[-1]
    counts = (len(lesson.train_faces), len(lesson.held_out_faces))
    with st.container(horizontal=True):
        for label, error, count, roc in zip(
            (_("Wrong in training"), _("Wrong held out")), (train, held_out), counts, lesson.rocs(done), strict=True
        ):
            area = _("area under the ROC {area}").format(area=f"{roc.area:.3f}")
            st.metric(label, f"{round(error * count)} / {count}", border=True, help=area)
