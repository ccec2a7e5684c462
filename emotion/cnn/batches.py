"""The batches that a network is trained on."""

import keras
import numpy as np

from emotion.cnn.augment import augment, mixed_up
from emotion.cnn.config import Augmentation
from emotion.cnn.teaching import Teachers


class Batches(keras.utils.PyDataset):
    """Shuffled batches: uint8 (B, H, W, 1), targets float32 (B, K) and, where there are any, weights float32 (B,).

    What an epoch ``e`` shows is drawn from (seed, e), its order, and from (seed, e, batch), its augmentation, so that a
    resumed epoch repeats the very same batches. ``shard`` (i, n) gives every n-th image of each batch from the i-th on,
    for the i-th of n processes that share the work. Where there are ``teachers``, what a row of the targets lacks to
    one is filled with their answer to the image as it is shown: all of it for a face without a label.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        targets: np.ndarray,
        batch_size: int,
        seed: int,
        augmentation: Augmentation | None = None,
        weights: np.ndarray | None = None,
        shard: tuple[int, int] = (0, 1),
        teachers: Teachers | None = None,
    ) -> None:
        super().__init__()
        self.pixels, self.targets, self.weights = pixels, targets, weights
        self.batch_size, self.seed, self.shard = batch_size, seed, shard
        self.augmentation = augmentation or Augmentation()
        self.teachers = teachers
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch, which counts from 0."""
        self.epoch = epoch
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.targets))

    def __len__(self) -> int:
        whole, rest = divmod(len(self.targets), self.batch_size)
        return whole + (rest >= self.shard[1])  # Each process needs an image of the last batch.

    def rows(self, index: int) -> np.ndarray:
        """The rows of this process's part of a batch."""
        rows = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        return rows[self.shard[0] :: self.shard[1]]

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        rows = self.rows(index)
        faces, targets = self.pixels[rows], self.targets[rows]
        if self.weights is not None:
            targets = np.column_stack([targets, self.weights[rows]])  # Mixup blends the weights too.
        # 1 + index: NumPy draws the same from (seed, epoch, 0) as from (seed, epoch).
        random = np.random.default_rng([self.seed, self.epoch, 1 + index, self.shard[0]])
        if self.augmentation.changes_pixels:
            faces = augment(faces, self.augmentation, random)
        if self.augmentation.mixup:
            faces, targets = mixed_up(faces, targets, self.augmentation.mixup, random)
        if self.teachers:
            known = targets[:, : self.targets.shape[1]]  # Behind them may stand the weights.
            known += (1 - known.sum(axis=1, keepdims=True)) * self.teachers.answer(faces)
        if self.weights is None:
            return faces[..., np.newaxis], targets
        return faces[..., np.newaxis], targets[:, :-1], targets[:, -1]
