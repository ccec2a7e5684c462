"""A font that can write Hangul, wherever this computer keeps one."""

import os
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Windows' and macOS' own fonts, then the names under which Linux distributions package Noto CJK and Nanum; a sans-serif
# of medium or bold weight reads best on a moving picture.
_NAMES = (
    "malgunbd.ttf",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKkr-*.otf",
    "NotoSansKR*.[ot]tf",
    "NanumGothicBold.ttf",
    "NanumGothic.ttf",
    "NanumBarunGothic.ttf",
    "UnDotum.ttf",
)


def _folders() -> Iterator[Path]:
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
        yield Path(os.environ.get("LOCALAPPDATA", "C:/")) / "Microsoft/Windows/Fonts"
    elif sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts")
    else:
        yield from (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")


@cache
def hangul_font() -> Path | None:
    """The file of a font with Hangul, None where the system has none. Looked for once: it takes a moment."""
    folders = [folder for folder in _folders() if folder.is_dir()]
    for name in _NAMES:
        for folder in folders:
            for path in sorted(folder.rglob(name)):
                if _has_hangul(path):
                    return path
    return None


def _has_hangul(path: Path) -> bool:
    """Whether the font draws two syllables differently; one without Hangul draws the same empty box for both."""
    try:
        font = ImageFont.truetype(str(path), 16)
    except OSError:
        return False
    return bytes(font.getmask("행")) != bytes(font.getmask("복"))


def written_language(language: str) -> str:
    """The language in which labels can be written here: ``language``, or English for want of a font with Hangul."""
    return language if language == "en" or hangul_font() else "en"


@lru_cache(maxsize=32)
def font(size: int) -> Font:
    """The font for labels, ``size`` pixels high; Pillow's own (Latin only) where there is none with Hangul."""
    path = hangul_font()
    return ImageFont.truetype(str(path), size) if path else ImageFont.load_default(size)


def text_mask(text: str, size: int) -> Image.Image:
    """``text`` as an 8-bit mask, 255 where there is ink, in a line of always the same height."""
    face = font(size)
    mask = Image.new("L", (max(1, round(face.getlength(text))), round(size * 1.35)))
    # "ls": left end of the baseline. By it all lines of a size sit alike, whatever letters they have.
    ImageDraw.Draw(mask).text((0, round(size * 1.02)), text, fill=255, font=face, anchor="ls")
    return mask
