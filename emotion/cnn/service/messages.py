"""Messages between the server and its helper process: JSON with NumPy arrays in it, each with its length before it.

Nothing in a message can run code, as a pickle could.
"""

import json
import struct
from dataclasses import fields, is_dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

_LENGTHS = struct.Struct(">II")
_ARRAY = "__array__"


def write_message(stream: BinaryIO, value: Any) -> None:
    """Send JSON values, arrays, NumPy scalars and dataclasses, nested at will; a dataclass arrives as a dictionary."""
    arrays: list[np.ndarray] = []

    def replace(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            arrays.append(part)
            return {_ARRAY: len(arrays) - 1}
        if isinstance(part, np.generic):
            return part.item()
        if is_dataclass(part):
            return {field.name: getattr(part, field.name) for field in fields(part)}
        raise TypeError(f"{type(part).__name__} can't be sent")

    text = json.dumps(value, default=replace).encode()
    packed = BytesIO()
    np.savez(packed, *arrays)
    stream.write(_LENGTHS.pack(len(text), packed.tell()) + text + packed.getvalue())
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """The next message; EOFError where the other end has gone."""
    lengths = _read(stream, _LENGTHS.size)
    text, packed = (_read(stream, length) for length in _LENGTHS.unpack(lengths))
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        return json.loads(text, object_hook=lambda part: arrays[f"arr_{part[_ARRAY]}"] if _ARRAY in part else part)


def _read(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
