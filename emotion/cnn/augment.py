"""Training images changed at random, so that the network meets no picture twice. NumPy and OpenCV only."""

import cv2
import numpy as np

from emotion.cnn.config import Augmentation

# How many pixels a coarse picture keeps along a side, as a share.
_COARSE = (0.3, 0.8)
# Random erasing's rectangle: its share of the picture, and height over width (Zhong et al. 2020, section 4).
_ERASED_SHARES = (0.02, 0.2)
_ERASED_RATIOS = (0.3, 1 / 0.3)


def augment(faces: np.ndarray, augmentation: Augmentation, random: np.random.Generator) -> np.ndarray:
    """A changed copy of gray faces uint8 (N, H, W): flipped, moved, lit otherwise, coarse, in part blotted out.

    The same faces, settings and state of ``random`` give the same pixels. What comes in from beyond an edge repeats
    the edge's pixels.
    """
    count = len(faces)
    flips = random.random(count) < (0.5 if augmentation.flip else 0)
    matrices = _affine_matrices(count, faces.shape[1:], augmentation, random)
    gains = 1 + augmentation.contrast * random.uniform(-1, 1, count)
    offsets = 255 * augmentation.brightness * random.uniform(-1, 1, count)
    erased = random.random(count) < augmentation.erase
    moves = bool(augmentation.shift or augmentation.rotate or augmentation.zoom)
    lights = bool(augmentation.contrast or augmentation.brightness)
    changed = np.empty_like(faces)
    for row, face in enumerate(faces):
        if flips[row]:
            face = cv2.flip(face, 1)
        if moves:
            face = _warp(face, matrices[row])
        changed[row] = _lit(face, gains[row], offsets[row]) if lights else face
    if augmentation.blur:
        for coarse in np.flatnonzero(random.random(count) < augmentation.blur):
            changed[coarse] = _coarsened(changed[coarse], random.uniform(*_COARSE))
    for blotted in np.flatnonzero(erased):
        _erase(changed[blotted], random)
    return changed


def mixed_up(
    faces: np.ndarray, targets: np.ndarray, alpha: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Each face blended with another of the batch, its target by the same share (H. Zhang et al., "mixup", ICLR 2018).

    ``faces`` uint8 (N, H, W), ``targets`` float32 (N, …); one share a batch, drawn from Beta(α, α), as in the paper's
    own code.
    """
    share = float(random.beta(alpha, alpha))
    others = random.permutation(len(faces))
    flat = faces.reshape(len(faces), -1)
    blended = cv2.addWeighted(flat, share, flat[others], 1 - share, 0)
    return blended.reshape(faces.shape), (share * targets + (1 - share) * targets[others]).astype(np.float32)


def several_draws(faces: np.ndarray, augmentation: Augmentation, count: int, seed: int) -> list[np.ndarray]:
    """Faces uint8 (N, H, W) as a training would show them in ``count`` epochs, if they were a batch."""
    shown = []
    for draw in range(count):
        random = np.random.default_rng([seed, draw])
        changed = augment(faces, augmentation, random)
        if augmentation.mixup:
            changed = mixed_up(changed, np.zeros((len(faces), 1), np.float32), augmentation.mixup, random)[0]
        shown.append(changed)
    return shown


def _affine_matrices(
    count: int, size: tuple[int, int], augmentation: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """From the new picture's pixels to the old one's, float64 (N, 2, 3): turned and scaled about the middle, moved."""
    height, width = size
    angles = np.deg2rad(augmentation.rotate) * random.uniform(-1, 1, count)
    scales = 1 / (1 + augmentation.zoom * random.uniform(-1, 1, count))
    shifts = augmentation.shift * random.uniform(-1, 1, (count, 2)) * (width, height)
    cos, sin = scales * np.cos(angles), scales * np.sin(angles)
    turned = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offsets = middle - turned @ middle + shifts
    return np.concatenate([turned, offsets[..., np.newaxis]], axis=2)


def _warp(face: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(
        face,
        matrix,
        face.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _lit(face: np.ndarray, gain: float, offset: float) -> np.ndarray:
    """Contrast about the middle gray, then brightness; cut at 0 and 255."""
    levels = np.arange(256, dtype=np.float64)
    return cv2.LUT(face, np.clip(np.rint((levels - 127.5) * gain + 127.5 + offset), 0, 255).astype(np.uint8))


def _coarsened(face: np.ndarray, share: float) -> np.ndarray:
    """Made smaller and enlarged again."""
    small = cv2.resize(face, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, face.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _erase(face: np.ndarray, random: np.random.Generator) -> None:
    """Fill a rectangle with noise (Z. Zhong et al., "Random erasing data augmentation", AAAI 2020)."""
    area = random.uniform(*_ERASED_SHARES) * face.size
    ratio = np.exp(random.uniform(*np.log(_ERASED_RATIOS)))
    height = min(max(round(np.sqrt(area * ratio)), 1), face.shape[0])
    width = min(max(round(np.sqrt(area / ratio)), 1), face.shape[1])
    top = random.integers(0, face.shape[0] - height + 1)
    left = random.integers(0, face.shape[1] - width + 1)
    face[top : top + height, left : left + width] = random.integers(0, 256, (height, width), np.uint8)
