"""The emotion mirror: make the face that is shown, and see how well the model believes you."""

from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import streamlit as st

from emotion.cnn.classifier import Classifier
from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.i18n import _, error_text, language, plain
from emotion.labels import EMOTIONS, label_of
from emotion.live.mirror import GET_READY, HOLD, ROUNDS, Round, draw_targets, share_of
from emotion.live.stream import LiveProcessor
from emotion.plots.game import rounds_figure
from emotion.ui import chart
from emotion.ui.live.shots import calm, choose_model, drawn, knows_emotions, look_at, plays
from emotion.ui.photo import choose_photo
from emotion.ui.tiles import Tile, wall

_GAME = "live.game"


@dataclass
class _Game:
    """A game under way or over; it lives in the session alone."""

    targets: tuple[str, ...]
    since: float
    done: list[Round] = field(default_factory=list)
    now: Round | None = None

    @property
    def over(self) -> bool:
        """Whether all rounds were played."""
        return len(self.done) == len(self.targets)

    def finish(self, made: Round) -> None:
        """Count a round and go to the next one."""
        self.done.append(made)
        self.now, self.since = None, monotonic()

    def current(self) -> Round:
        """The round that is played."""
        if self.now is None:
            self.now = Round(self.targets[len(self.done)])
        return self.now


def show(processor: LiveProcessor | None) -> None:
    """The whole view; ``processor`` is the running video's, or None: then each round is played with a photo."""
    st.caption(
        _(
            "The mirror shows an emotion: make that face. The more the model believes you, the more points, up to 100 "
            "in each of {n} rounds. Nothing is stored: the pictures stay in memory."
        ).format(n=ROUNDS)
    )
    live = processor if plays(processor) else None
    name = _emotion_model(live)
    asked = None if name else _other_model(live)
    if name is None and asked is None:
        return
    game: _Game | None = st.session_state.get(_GAME)
    if game is None:
        _offer(live is not None)
    elif game.over:
        _result(game)
    elif live and name:
        if len(live.settings.classifiers) > 1:
            st.caption(_("{model} is the judge.").format(model=plain(name)))
        calm("live-game")
        with st.container(key="live-game", border=True):
            st.fragment(_play, run_every=0.25)(game, live, name)
    elif asked:
        _play_with_photos(game, asked)


def _emotion_model(processor: LiveProcessor | None) -> str | None:
    """The name of the first model of the video that knows the emotions."""
    running = processor.settings.classifiers if processor else ()
    return next((each.bundle.card.name for each in running if knows_emotions(each.bundle)), None)


def _other_model(processor: LiveProcessor | None) -> Classifier | None:
    """The model that judges photos; None where the video runs without one that could play."""
    if processor:
        st.info(_("Choose a model that knows the seven emotions for the video: it is the judge."))
        return None
    return choose_model("live.game.model", knows_emotions, _("The judge"), _("The model that has to believe you."))


def _offer(with_camera: bool) -> None:
    if not with_camera:
        st.info(_("No video is running. Press START to play with the camera; without it you play with photos."))
    st.image([drawn(key) for key in ("happy", "surprise", "angry")], width=110)
    st.button(_("Begin the game"), key="live.game.start", type="primary", icon=":material/play_arrow:", on_click=_start)


def _start() -> None:
    classes = [label.key for label in EMOTIONS]
    st.session_state[_GAME] = _Game(draw_targets(classes, np.random.default_rng()), monotonic())


def _stop() -> None:
    st.session_state.pop(_GAME, None)


def _play(game: _Game, processor: LiveProcessor, model: str) -> None:
    """One look of a round with the video: get ready, hold the face, go on."""
    if processor.closed or st.session_state.get(_GAME) is not game:
        st.rerun()
    made, waited = game.current(), monotonic() - game.since
    snapshot = processor.takers.snapshot()
    share = share_of(snapshot.result, made.target, model) if snapshot else 0.0
    crop = snapshot.crop() if snapshot else None
    # A face that was missed in this very frame says nothing; one that has gone is believed nothing.
    gone = snapshot is not None and not snapshot.result.faces and not snapshot.result.lately
    if (crop is not None or gone) and GET_READY <= waited < GET_READY + HOLD:
        made.add(share, waited, crop)
    if waited >= GET_READY + HOLD:
        game.finish(made)
        st.rerun(scope="app" if game.over else "fragment")
    _task(game, made)
    left = GET_READY - waited
    text = _("Get ready: {seconds}").format(seconds=max(1, round(left + 0.5)))
    if left <= 0:
        text = _("{share} believed · {seconds} s left").format(
            share=f"{share:.0%}", seconds=max(1, round(HOLD + left + 0.5))
        )
    st.progress(min(1.0, max(0.0, share)) if left <= 0 else waited / GET_READY, text)
    _score_so_far(game)


def _play_with_photos(game: _Game, classifier: Classifier) -> None:
    """A round with a photo: one's own, or any that shows the emotion."""
    made = game.current()
    with st.container(key="live-game", border=True):
        _task(game, made)
        try:
            bgr = choose_photo("live.game")
        except UserError as error:
            st.error(error_text(error))
            bgr = None
        if bgr is not None:
            snapshot = look_at(bgr, [classifier])
            crop = snapshot.crop()
            if crop is None:
                st.warning(_("No face was found. Choose a photo that shows it from the front."))
            else:
                share = share_of(snapshot.result, made.target, classifier.bundle.card.name)
                st.image(crop, _("{share} believed").format(share=f"{share:.0%}"), width=112)
                st.button(
                    _("Take it"), key=f"live.game.take.{len(game.done)}", type="primary", icon=":material/check:",
                    on_click=_take, args=(game, made, share, crop),
                )  # fmt: skip
        _score_so_far(game)


def _take(game: _Game, made: Round, share: float, crop: np.ndarray) -> None:
    if game.now is made:  # Whoever clicks faster than the page is drawn clicks the round before.
        made.add(share, 0.0, crop)
        game.finish(made)


def _task(game: _Game, made: Round) -> None:
    """The face to make."""
    picture, words = st.columns([1, 2], vertical_alignment="center")
    picture.image(drawn(made.target), width=200)
    with words:
        st.caption(_("Round {n} of {all}: make this face").format(n=len(game.done) + 1, all=len(game.targets)))
        st.markdown(f"## {label_of(made.target).name(language())}")


def _score_so_far(game: _Game) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("Points so far: **{points}**").format(points=sum(each.score for each in game.done)))
        st.button(_("Give up"), key="live.game.stop", type="tertiary", icon=":material/close:", on_click=_stop)


def _result(game: _Game) -> None:
    """The points, the best picture of each round, and how the belief went."""
    points = sum(each.score for each in game.done)
    st.metric(_("Your points"), f"{points} / {100 * len(game.done)}", width="content")
    tiles = []
    for place, made in enumerate(game.done):
        label = label_of(made.target)
        name = label.name(language())
        picture = encode(made.best) if made.best is not None else b""
        tiles.append(Tile(place, picture, name, label.colour, f"{name} · {made.score}"))
    wall(tiles, f"live.game.wall.{points}", 100, clickable=False)
    if any(len(made.seconds) > 1 for made in game.done):
        chart.show(rounds_figure(game.done), "live.game.curves")
    st.button(_("Play again"), key="live.game.start", type="primary", icon=":material/replay:", on_click=_start)
