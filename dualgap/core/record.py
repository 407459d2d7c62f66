"""``Record``: the frozen pydantic base of specs, answers and witnesses, with content hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from dualgap.core.arrays import array_digest


class Record(BaseModel):
    """Frozen data without unknown fields; arrays compare and hash by content."""

    # Plain class attributes (kind = "...", sense = ...) are class variables, annotated ones are fields.
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, ignored_types=(str, tuple, type)
    )

    def content(self) -> dict[str, Any]:
        """The fields as plain data, arrays left as arrays."""
        # Not model_dump: pydantic's serialiser swallows a Ctrl-C that comes while it looks at a type.
        return {name: _plain(getattr(self, name)) for name in type(self).model_fields}

    def digest(self) -> str:
        """SHA-256 over canonical JSON, arrays as (dtype, shape, SHA-256 of their little-endian bytes)."""
        return content_digest({"kind": getattr(self, "kind", type(self).__name__), **self.content()})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Record) and self.digest() == other.digest()

    def __hash__(self) -> int:
        return hash(self.digest())


def _plain(value: Any) -> Any:
    if isinstance(value, str | np.ndarray):  # first, because names come in their thousands
        return value
    if isinstance(value, Record):
        return value.content()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


def content_digest(data: Any) -> str:
    """SHA-256 of plain data in canonical JSON (sorted keys, no spaces, arrays by their bytes' digest)."""
    text = json.dumps(_canonical(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(data: Any) -> Any:
    if isinstance(data, str | int | float) or data is None:  # first, because names come in their thousands
        return data
    if isinstance(data, np.ndarray):
        return {"dtype": str(data.dtype), "shape": list(data.shape), "sha256": array_digest(data)}
    if isinstance(data, np.generic):
        return data.item()
    if isinstance(data, Mapping):
        return {str(key): _canonical(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [_canonical(item) for item in data]
    return data
