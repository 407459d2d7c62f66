"""Frames on the worker's pipes: lengths, a JSON header, raw array buffers. No pickle."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from dualgap.core.serialize import pack, unpack

_COUNT = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")


Frame = Sequence[bytes | memoryview]


def encoded(data: Any) -> Frame:
    """Nested plain data as the parts of a frame; arrays travel as their bytes, uncopied."""
    header, arrays = pack(data)
    lengths = b"".join(_LENGTH.pack(array.nbytes) for array in arrays)
    parts = [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for array in arrays if array.nbytes]
    return [_COUNT.pack(len(header), len(arrays)) + lengths + header, *parts]


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Writes a frame whole; the stream must be a buffered one (a raw one may write less than it is given)."""
    for part in frame:
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
    """
    header_length, count = _COUNT.unpack(_exactly(stream, _COUNT.size))
    lengths = [_LENGTH.unpack(_exactly(stream, _LENGTH.size))[0] for _ in range(count)]
    header = bytes(_exactly(stream, header_length))
    return unpack(header, [_exactly(stream, length) for length in lengths])


def _exactly(stream: BinaryIO, size: int) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    filled = 0
    while filled < size:
        got = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the pipe is closed")
        filled += got
    return buffer
