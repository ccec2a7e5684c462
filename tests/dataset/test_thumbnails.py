"""Thumbnails: pixel by pixel where they are small, in the right shape where they are large."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from emotion.dataset.thumbnails import thumbnails


def test_small_large_and_broken(tmp_path: Path) -> None:
    small = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    cv2.imwrite(str(tmp_path / "small.png"), small)
    wide = np.random.default_rng(1).integers(0, 256, (1500, 3000, 3), np.uint8)
    wide[:, :1500] //= 8  # Dark at the left.
    Image.fromarray(wide).save(tmp_path / "wide.jpg", quality=95)
    (tmp_path / "얼굴.png").write_bytes((tmp_path / "small.png").read_bytes())
    (tmp_path / "broken.png").write_bytes(b"no")
    names = ["small.png", "wide.jpg", "얼굴.png", "broken.png", "missing.png"]
    first, second, third, *rest = thumbnails(tmp_path, names, side=96)
    decoded = cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert (decoded == small).all() and third == first
    photo = cv2.imdecode(np.frombuffer(second, np.uint8), cv2.IMREAD_COLOR)
    assert photo.shape == (48, 96, 3)
    assert photo[:, :44].mean() < 40 < 100 < photo[:, 52:].mean()
    assert rest == [b"", b""]
