"""Small charts as SVG text, for a page that must stand alone: no script, no request, sharp on paper."""

from collections.abc import Sequence
from html import escape

import numpy as np

from emotion.labels import PALETTE

_TRAINING, _VALIDATION = PALETTE["blue"], PALETTE["vermilion"]
_INK, _GRID = "#333", "#ddd"


def curves(
    training: Sequence[tuple[float, float]],
    validation: Sequence[tuple[float, float]],
    title: str,
    names: tuple[str, str],
    x_title: str,
    percent: bool = False,
) -> str:
    """Two lines of (epoch, value) points; ``names`` are those of training, which is dashed, and validation; ``percent``
    shows shares."""
    width, height, left, top, bottom = 340, 230, 46, 44, 34
    values = [value for _, value in (*training, *validation) if np.isfinite(value)]
    high = 1.0 if percent else max(values, default=1.0) * 1.05 or 1.0
    last = max((epoch for epoch, _ in (*training, *validation)), default=1.0)

    def place(epoch: float, value: float) -> tuple[float, float]:
        share = (epoch - 1) / (last - 1) if last > 1 else 0.5
        return left + share * (width - left - 14), height - bottom - value / high * (height - bottom - top)

    parts = [_text(left, 14, title, "start", 12, bold=True)]
    for value in _ticks(high):
        y = place(1, value)[1]
        parts += [_line(left, y, width - 14, y, _GRID)]
        parts += [_text(left - 6, y + 3.5, f"{value:.0%}" if percent else f"{value:g}", "end", 9)]
    for epoch in _epoch_ticks(int(last)):
        parts.append(_text(place(epoch, 0)[0], height - bottom + 14, str(epoch), "middle", 9))
    parts.append(_text((left + width - 14) / 2, height - 4, x_title, "middle", 10))
    lines = ((training, _TRAINING, names[0], "5 3"), (validation, _VALIDATION, names[1], ""))
    for number, (points, colour, name, dash) in enumerate(lines):
        parts += _curve([place(epoch, value) for epoch, value in points if np.isfinite(value)], colour, dash)
        x = left + number * 120
        parts += [_line(x, 30, x + 22, 30, colour, 2.5, dash), _text(x + 28, 33.5, name, "start", 10)]
    return _svg(width, height, title, parts)


def confusion(counts: np.ndarray, names: Sequence[str], true_title: str, answer_title: str) -> str:
    """A confusion matrix, counts int (K, K): shade and percentage are the share of the true class, a row."""
    cell, left, top = max(36, min(64, 448 // len(names))), 110, 46
    side = cell * len(names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [_text(left + side / 2, 14, answer_title, "middle", 11, bold=True)]
    parts.append(f'<g transform="rotate(-90 12 {top + side / 2})">')
    parts += [_text(12, top + side / 2, true_title, "middle", 11, bold=True), "</g>"]
    for row, name in enumerate(names):
        parts.append(_text(left - 8, top + (row + 0.5) * cell + 4, name, "end", 10))
        parts.append(_text(left + (row + 0.5) * cell, top - 8, name, "middle", 10 if cell > 44 else 8))
        for column in range(len(names)):
            x, y, share = left + column * cell, top + row * cell, float(shares[row, column])
            colour = "#fff" if share > 0.55 else _INK
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" fill="{_TRAINING}" '
                f'fill-opacity="{0.05 + 0.95 * share:.3f}"/>'
            )
            parts.append(_text(x + cell / 2, y + cell / 2, f"{counts[row, column]}", "middle", 11, colour))
            parts.append(_text(x + cell / 2, y + cell / 2 + 13, f"{share:.0%}", "middle", 9, colour))
    return _svg(left + side + 4, top + side + 4, f"{true_title} × {answer_title}", parts)


def _curve(points: list[tuple[float, float]], colour: str, dash: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>' for x, y in points if len(points) <= 40]
    return [line, *dots]


def _ticks(high: float) -> list[float]:
    """Round values from 0 up to ``high``, six at most."""
    tens = 10.0 ** np.floor(np.log10(high))
    step = next(part * tens for part in (0.2, 0.25, 0.5, 1, 2) if high / (part * tens) <= 5.01)
    return [round(number * step, 10) for number in range(int(high / step + 1e-9) + 1)]


def _epoch_ticks(last: int) -> list[int]:
    step = max(1, -(-last // 8))
    return list(range(1, last + 1, step))


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 1, dash: str = "") -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="{width}" '
        f'stroke-dasharray="{dash}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, size: float, colour: str = _INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"{weight}>'
        f"{escape(text)}</text>"
    )


def _svg(width: float, height: float, label: str, parts: list[str]) -> str:
    inner = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(label)}">'
        f"{inner}</svg>"
    )
