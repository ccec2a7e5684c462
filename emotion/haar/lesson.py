"""A lesson of AdaBoost on real patches: some to learn from, the rest held out to see how well it has learnt."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emotion.errors import UserError
from emotion.haar.adaboost import Ranking, Roc, Round, error_rates, first_weights, next_round, rank, roc, scores
from emotion.haar.feature_bank import FeatureBank
from emotion.haar.features import Feature
from emotion.haar.patches import Patches
from emotion.jobs import Progress, in_chunks

_BLOCKS = 8  # At a time.


@dataclass(frozen=True, eq=False)
class Lesson:
    """AdaBoost over a ``bank`` of features: patches to ``train`` on and ``held_out``; which are faces, bool (N,)."""

    bank: FeatureBank
    train: Patches
    train_faces: np.ndarray
    held_out: Patches
    held_out_faces: np.ndarray
    ranking: Ranking

    def next(self, rounds: tuple[Round, ...]) -> Round:
        """The round that follows ``rounds``; a step back is a shorter tuple.

        Raises UserError after one without a mistake, whose weights would only choose it again, and as ``next_round``.
        """
        if rounds and not rounds[-1].wrong.any():
            raise UserError(
                "The last feature tells every face from every other patch, so that nothing is left to learn. Take more "
                "patches."
            )
        weights = rounds[-1].weights_after if rounds else first_weights(self.train_faces)
        return next_round(self.ranking, self.train_values, self.train_faces, weights)

    def rounds(self, count: int) -> Iterator[Round]:
        """The first ``count`` rounds, one after the other."""
        done: tuple[Round, ...] = ()
        while len(done) < count:
            done = (*done, self.next(done))
            yield done[-1]

    def feature(self, found: Round) -> Feature:
        """The feature that a round chose."""
        return self.bank[found.feature]

    def train_values(self, feature: int) -> np.ndarray:
        """A feature's values on the training patches, float32 (N,)."""
        return self.train.values(self.bank[feature])

    def held_out_values(self, feature: int) -> np.ndarray:
        """A feature's values on the held-out patches, float32 (M,)."""
        return self.held_out.values(self.bank[feature])

    def errors(self, rounds: tuple[Round, ...]) -> np.ndarray:
        """The strong classifier's error after each of ``rounds``, on training and held-out patches: float (R, 2)."""
        if not rounds:
            return np.empty((0, 2))
        pairs = ((self.train_values, self.train_faces), (self.held_out_values, self.held_out_faces))
        return np.stack([error_rates(rounds, values, faces) for values, faces in pairs], axis=1)

    def rocs(self, rounds: tuple[Round, ...]) -> tuple[Roc, Roc]:
        """The ROC of the strong classifier that ``rounds`` (one at least) make, on training and held-out patches."""
        return (
            roc(scores(rounds, self.train_values), self.train_faces),
            roc(scores(rounds, self.held_out_values), self.held_out_faces),
        )


def prepare(
    faces: Patches,
    others: Patches,
    step: int = 1,
    held_out: float = 0.3,
    seed: int = 0,
    progress: Progress | None = None,
) -> Lesson:
    """Hold out a share of ``faces`` and ``others``, patches of one size, and rank the rest by every feature.

    ``step`` is the bank's; ``progress`` is told (blocks of features done, in all). UserError for fewer than four
    patches of either sort.
    """
    if min(len(faces), len(others)) < 4:
        raise UserError(
            "Learning takes four faces and four other patches at least, and there are {faces} and {others}. Add some.",
            faces=len(faces),
            others=len(others),
        )
    random = np.random.default_rng(seed)
    parts = [_halves(patches, held_out, random) for patches in (faces, others)]
    train, kept = (Patches(np.concatenate(pair)) for pair in zip(*parts, strict=True))
    train_faces, kept_faces = (np.arange(len(a) + len(b)) < len(a) for a, b in zip(*parts, strict=True))
    bank = FeatureBank(*faces.shape, step=step)
    return Lesson(bank, train, train_faces, kept, kept_faces, _ranked(bank, train, progress))


def _halves(patches: Patches, held_out: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Those to train on and those held out, one at least of each."""
    mixed = patches.gray[random.permutation(len(patches))]
    kept = min(max(round(len(patches) * held_out), 1), len(patches) - 1)
    return mixed[kept:], mixed[:kept]


def _ranked(bank: FeatureBank, patches: Patches, progress: Progress | None) -> Ranking:
    for kind in bank.kinds:
        patches.integral_for(kind)  # Before the threads ask for it, each for itself.

    def part(rows: range) -> Ranking:
        return rank(bank.values_in_even_light(bank.blocks[rows.start : rows.stop], patches))

    parts = list(in_chunks(part, len(bank.blocks), progress, _BLOCKS))
    return Ranking(np.concatenate([found.order for found in parts]), np.concatenate([found.cuts for found in parts]))
