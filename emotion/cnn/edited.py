"""What comes from files that people may have edited: values of the declared types, and lines of points that hold."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeGuard, get_origin

import numpy as np

_ALSO: dict[Any, tuple[type, ...]] = {float: (int, float), bool: (bool, int, float)}


def insist_on_types(kind: Any, values: Mapping[str, Any]) -> None:
    """Raise TypeError where one of the ``values`` for a dataclass is of another type, or a number without end.

    A whole number is a float too, and 1.0 is a yes.
    """
    for field in (field for field in fields(kind) if field.name in values):
        value = values[field.name]
        wanted: Any = get_origin(field.type) or field.type
        if not isinstance(value, _ALSO.get(wanted, wanted)) or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeError(f"{field.name}: {getattr(wanted, '__name__', wanted)} expected, found {value!r}")


def is_number(value: object) -> TypeGuard[float]:
    """Whether ``value`` is a finite number."""
    return isinstance(value, int | float) and abs(value) < 1e300


def points_of(text: str, at_most: int = 0) -> list[dict[str, Any]]:
    """The lines of a text that are points, each with its ``epoch``; of more than ``at_most`` every so many-th."""
    lines = text.splitlines()
    step = -(-len(lines) // at_most) if at_most else 1
    if step > 1:
        lines = [*lines[:-1:step], lines[-1]]
    return [point for line in lines if (point := _point(line))]


def _point(line: str) -> dict[str, Any] | None:
    """A point, or None: a line may be cut by a crash, or be on its way to the disk still."""
    try:
        point = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return point if isinstance(point, dict) and is_number(point.get("epoch")) else None


def square(counts: object) -> np.ndarray | None:
    """``counts`` as int64 (K, K), or None where they are no square of whole numbers from 0."""
    try:
        found = np.array(counts)
    except ValueError:  # Rows of several lengths.
        return None
    whole = found.dtype.kind == "i" and found.ndim == 2 and found.shape[0] == found.shape[1]
    return found.astype(np.int64) if whole and found.size and found.min() >= 0 else None
