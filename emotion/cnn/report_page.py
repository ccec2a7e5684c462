"""The frame of the report: a page of HTML for screen and A4, and the few things that stand on it."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np

_STYLE = """
@page { size: A4; margin: 15mm; }
* { box-sizing: border-box; }
body { font: 14px/1.5 "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans CJK KR", sans-serif;
  color: #222; background: #fff; max-width: 760px; margin: 24px auto; padding: 0 16px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
h1 { font-size: 24px; margin: 0 0 12px; }
h2 { font-size: 16px; margin: 22px 0 8px; padding-bottom: 3px; border-bottom: 2px solid #0072B2; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; vertical-align: top; padding: 3px 10px 3px 0; border-bottom: 1px solid #e4e4e4;
  overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; width: 1%; padding-right: 20px; }
tr, svg, figure, pre { break-inside: avoid; }
p { margin: 6px 0; white-space: pre-line; overflow-wrap: anywhere; }
pre { background: #f4f4f4; padding: 10px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; }
svg { font-family: inherit; max-width: 100%; height: auto; }
.row { display: flex; flex-wrap: wrap; gap: 12px; }
.row svg { flex: 1 1 320px; min-width: 0; }
.faces { display: grid; grid-template-columns: repeat(6, 1fr); gap: 10px; }
figure { margin: 0; font-size: 11px; line-height: 1.35; }
figure img { display: block; width: 100%; image-rendering: pixelated; margin-bottom: 3px; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 12px; } }
"""


def page(title: str, language: str, sections: Iterable[str]) -> str:
    """A whole page; its own security policy forbids scripts and requests, whatever stands in it."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{''.join(sections)}</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading with parts of HTML below it."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>\n"


def paragraph(text: str) -> str:
    """Somebody's text, whatever signs are in it; line breaks stay."""
    return f"<p>{escape(text)}</p>"


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Rows of texts, the first of each as its heading."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr><th>{escape(str(first))}</th>{''.join(f'<td>{escape(str(cell))}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"


def picture(gray: np.ndarray) -> str:
    """A gray picture uint8 (H, W), in the page itself."""
    data = base64.b64encode(cv2.imencode(".png", gray)[1].tobytes()).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{data}">'


def figure(image: str, caption: str) -> str:
    """An image with its caption below."""
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
