"""One look at every file, against Pillow and NumPy."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.scan import kept_facts, perceptual_hash, scan
from emotion.errors import UserError
from emotion.jobs import Cancelled
from tests.conftest import write_faces

USE = "Use a PNG, JPEG, BMP or WebP file that opens elsewhere."


def smooth(size: int = 96, seed: int = 0) -> Image.Image:
    """Soft blobs, gray."""
    noise = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8))
    return noise.resize((size, size), Image.Resampling.BICUBIC)


def folder_of(root: Path, **images: Image.Image | bytes) -> Dataset:
    """A dataset of one class in one split; ``__`` in a name stands for the dot of the suffix."""
    folder = root / "test" / "a"
    folder.mkdir(parents=True)
    for name, image in images.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(image) if isinstance(image, bytes) else image.save(path)
    return open_dataset(root)


def test_brightness_contrast_and_sharpness_by_hand(tmp_path: Path) -> None:
    flat = np.full((48, 48), 90, np.uint8)
    halves = np.repeat(np.array([[0] * 24 + [200] * 24], np.uint8), 48, axis=0)
    facts = scan(folder_of(tmp_path, a__png=Image.fromarray(flat), b__png=Image.fromarray(halves)))
    assert facts.brightness.tolist() == [90, 100]
    assert facts.contrast.tolist() == [0, 100]
    # Inside the border 46 columns, of which one is +200 and one −200: a variance of 2 · 200² / 46.
    assert facts.sharpness == pytest.approx([0, 2 * 200**2 / 46])


def test_form_as_pillow_names_it(tmp_path: Path) -> None:
    gray, moving = smooth(), tmp_path / "moving.gif"
    gray.save(moving, save_all=True, append_images=[smooth(seed=1)])
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    dataset = folder_of(
        tmp_path / "set", a__png=gray, b__jpg=gray.convert("CMYK"), c__png=gray.convert("RGBA").resize((30, 20)),
        d__png=deep, e__png=moving.read_bytes(), f__bmp=gray.convert("RGB"), g__webp=gray.convert("RGB"),
    )  # fmt: skip
    facts = scan(dataset)
    assert facts.mode.tolist() == ["L", "CMYK", "RGBA", "I;16", "L animated", "RGB", "RGB"]
    assert facts.width.tolist() == [96, 96, 30, 96, 96, 96, 96] and facts.height[2] == 20
    assert not facts.unreadable and facts.readable.all()


def test_digest_is_of_the_pixels_not_of_the_file(tmp_path: Path) -> None:
    gray = smooth()
    gray.save(tmp_path / "small.png", compress_level=9)
    changed = np.array(gray)
    changed[50, 50] ^= 1
    flat = Image.new("L", (20, 30), 7)
    dataset = folder_of(
        tmp_path / "set", a__png=gray, b__png=(tmp_path / "small.png").read_bytes(), c__bmp=gray,
        d__png=Image.fromarray(changed), e__png=flat, f__png=flat.transpose(Image.Transpose.ROTATE_90),
    )  # fmt: skip
    assert (dataset.root / "test/a/a.png").read_bytes() != (dataset.root / "test/a/b.png").read_bytes()
    seals = [bytes(row) for row in scan(dataset).digest]
    assert seals[0] == seals[1] == seals[2]
    assert len(set(seals)) == 4  # One pixel more, and the same bytes in another shape, are other images.


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.95, 0.5, 0.0])
def test_a_file_whose_end_is_missing_is_unreadable(tmp_path: Path, kind: str, share: float) -> None:
    smooth().save(tmp_path / "whole", kind)
    whole = (tmp_path / "whole").read_bytes()
    suffix = "jpg" if kind == "JPEG" else kind.lower()
    dataset = folder_of(tmp_path / "set", **{f"a__{suffix}": whole, f"b__{suffix}": whole[: int(share * len(whole))]})
    facts = scan(dataset)
    assert facts.readable.tolist() == [True, False]
    assert list(facts.unreadable) == [1] and "b." in str(facts.unreadable[1])
    assert np.isnan(facts.sharpness[1]) and facts.mode[1] == ""


def test_every_fault_has_its_sentence_and_is_kept(tmp_path: Path) -> None:
    huge = Image.new("1", (20_000, 20_000))
    dataset = folder_of(tmp_path / "자료 🙂", a__png=smooth(), b__png=huge, c__png=b"no image", d__png=smooth())
    (dataset.root / "test/a/d.png").unlink()
    first = scan(dataset)
    assert {row: str(error).split("(")[0] for row, error in first.unreadable.items()} == {
        1: f"{dataset.root}/test/a/b.png has more than 40 megapixels. Choose a smaller picture.",
        2: f"{dataset.root}/test/a/c.png is no readable image. {USE}",
        3: f"{dataset.root}/test/a/d.png can't be read ",
    }
    again = kept_facts(dataset)
    assert again is not None
    assert [(row, str(error)) for row, error in again.unreadable.items()] == [
        (row, str(error)) for row, error in first.unreadable.items()
    ]


def test_nothing_is_looked_at_twice_until_a_file_changes(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path, {"train": {"a": 30, "b": 3}, "test": {"a": 2}}))
    told: list[tuple[int, int]] = []
    assert kept_facts(dataset) is None
    facts = scan(dataset, lambda *step: told.append(step))
    assert told[-1] == (35, 35)
    again = scan(dataset, lambda *step: pytest.fail("looked again"))
    assert (again.digest == facts.digest).all() and again.mode.tolist() == facts.mode.tolist()
    smooth().save(tmp_path / "train/a/000.png")
    assert kept_facts(dataset) is None
    assert scan(dataset).width.max() == 96


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_copy_is_made_anew(tmp_path: Path, home: Path, damage: bytes | None) -> None:
    dataset = open_dataset(write_faces(tmp_path / "set", {"train": {"a": 3, "b": 3}}))
    facts = scan(dataset)
    [file] = (home / "cache" / "facts").glob("*.npz")
    file.write_bytes(file.read_bytes()[:900] if damage is None else damage)
    assert kept_facts(dataset) is None
    assert (scan(dataset).brightness == facts.brightness).all()
    assert kept_facts(dataset) is not None


def test_a_disk_without_room_costs_the_copy_not_the_work(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("in the way", encoding="utf-8")
    dataset = open_dataset(write_faces(tmp_path / "set", {"train": {"a": 3, "b": 3}}))
    assert scan(dataset).readable.all() and kept_facts(dataset) is None


def test_cancelled_leaves_nothing(tmp_path: Path, home: Path) -> None:
    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(open_dataset(write_faces(tmp_path / "set", {"train": {"a": 3, "b": 3}})), cancel)
    assert not list(home.rglob("*.npz"))


def test_the_hash_forgives_noise_and_light_but_not_another_picture() -> None:
    image = np.asarray(smooth(48)).astype(np.float32)
    other = np.asarray(smooth(48, seed=1)).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    same, noisy, lighter, turned = perceptual_hash(np.array([image, image + noise, image * 0.7 + 30, other]))
    assert same == lighter or np.bitwise_count(same ^ lighter) <= 1
    assert np.bitwise_count(same ^ noisy) <= 6 < 16 <= np.bitwise_count(same ^ turned)


def test_the_hash_is_the_cosine_transform_of_scipy() -> None:
    from scipy.fft import dctn

    images = np.random.default_rng(0).integers(0, 256, (5, 48, 48), np.uint8)
    for image, found in zip(images, perceptual_hash(images), strict=True):
        low = dctn(image.astype(float), norm=None)[1:9, 1:9].ravel()
        assert np.unpackbits(found.reshape(1).view(np.uint8)).tolist() == (low > np.median(low)).astype(int).tolist()


def test_errors_are_user_errors_for_the_reader_s_language(tmp_path: Path) -> None:
    facts = scan(folder_of(tmp_path, a__png=smooth(), b__png=b"x"))
    assert isinstance(facts.unreadable[1], UserError) and "{name}" in facts.unreadable[1].template
