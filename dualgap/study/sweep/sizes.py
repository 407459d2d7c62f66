"""Amounts of memory as people write them."""

from __future__ import annotations

import re

_BYTES = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def bytes_of(text: str | int) -> int:
    """Bytes from ``8G``, ``512M``, ``1.5GiB`` or a plain number; prefixes are powers of 1024.

    Raises:
        ValueError: it isn't an amount.
    """
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([kmgt]?)(i?b)?\s*", str(text).lower())
    if match is None:
        raise ValueError(f"{text!r} is no amount of memory; write 8G or 512M")
    return int(float(match[1]) * 2 ** _BYTES[match[2]])
