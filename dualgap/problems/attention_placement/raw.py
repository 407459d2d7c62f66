"""From raw specs to closed ones: a sequence and its mask become types of blocks, device tables become speeds.

Work is counted in half tiles of a block's queries and as many keys: a tile that the mask leaves whole counts two, one
that it cuts counts one, one that it empties none. So the i-th causal block takes 2 i + 1. A half tile is
``2 block^2 head_dim`` operations: two products of block x head_dim by block matrices, over half the entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.said import chosen, whole
from dualgap.problems.transformers.devices import PRESETS, Device

MASKS = ("causal", "full")
COSTS = ("flops", "roofline")
RAW_FIELDS: Mapping[str, str] = {
    "sequence": "how many tokens",
    "block": "tokens of a block, of queries and of keys",
    "mask": '"causal" (the default), "full", or {documents = "lengths.csv"}: causal within documents; or a list',
    "copies": "how often the sequence is there: batch times heads; 1 by default",
    "head_dim": "of a head; 128 by default",
    "bytes": "of a number; 2 by default",
    "cost": '"flops" (the default): devices are uniform; "roofline": the larger of computing and memory traffic',
}
_DEVICES = 'devices = [{preset = "a100-80gb", count = 8}] or [{name = "fast", speed = 2.0, count = 4}]'
_TYPES, _COUNTS = 20_000, 4_000_000  # of types, and of devices times types: an answer has as many numbers
_WHOLE = {"type": "integer", "minimum": 1}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "sequence": _WHOLE,
    "block": _WHOLE,
    "copies": _WHOLE,
    "head_dim": _WHOLE,
    "bytes": _WHOLE,
    "cost": {"enum": list(COSTS)},
    "mask": {"anyOf": [{"enum": list(MASKS)}, {"type": "object"}]},
    "devices": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
}


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if "schedule" in raw:
        raise SpecError(
            [Fault("schedule", "the makespan is the only one", 'kind = "ring-attention" for a ring\'s steps')]
        )
    if "sequence" not in raw:
        if extra := sorted(RAW_FIELDS.keys() & raw.keys()):
            raise SpecError([Fault("sequence", f"missing, and {extra[0]} is given", "sequence = 131072, say")])
        return resolver.columns(raw, ())
    sequence = whole(raw.pop("sequence"), "sequence")
    block = whole(raw.pop("block", None), "block")
    if sequence % block:
        raise SpecError(
            [Fault("block", f"{block} doesn't divide {sequence}", "pad the sequence, or take another block")]
        )
    if faults := too_large(sequence // block, 1):
        raise SpecError(faults)
    copies = whole(raw.pop("copies", 1), "copies")
    head_dim, width = whole(raw.pop("head_dim", 128), "head_dim"), whole(raw.pop("bytes", 2), "bytes")
    work = half_tiles(sequence // block, documents(raw.pop("mask", "causal"), sequence, resolver), block)
    fields: dict[str, Any] = {"work": work, "count": np.full(len(work), copies, dtype=np.int64)}
    cost = raw.pop("cost", "flops")
    if cost not in COSTS:
        raise SpecError([Fault("cost", f"{shown(cost)} is no cost", '"flops" or "roofline"')])
    found = devices(raw.pop("devices", None))
    fields["devices"] = tuple(name for name, _, _ in found)
    half = 2.0 * block**2 * head_dim  # operations
    if cost == "flops":
        speeds = [speed if device is None else device.flops / half for _, device, speed in found]
        return {**raw, **fields, "speed": np.array([float(f"{value:.12g}") for value in speeds])}
    if any(device is None for _, device, _ in found):
        raise SpecError([Fault("devices", "a speed says nothing of memory traffic", 'presets, or cost = "flops"')])
    traffic = (work + 2.0) * block * head_dim * width  # keys and values of half a tile; queries in, answers out
    seconds = [
        np.maximum(work * half / device.flops, traffic / device.bandwidth)
        for _, device, _ in found
        if device is not None
    ]
    return {**raw, **fields, "seconds": np.array([[float(f"{value:.12g}") for value in row] for row in seconds])}


def too_large(types: int, devices: int) -> list[Fault]:
    """What is beyond the limits, with a remedy: known before anything of that size is built."""
    if types > _TYPES:
        return [Fault("work", f"{types:,} types of blocks, beyond {_TYPES:,}", "take larger blocks")]
    if types * devices > _COUNTS:
        remedy = "take larger blocks, or fewer devices"
        return [Fault("devices", f"{devices:,} devices and {types:,} types, beyond {_COUNTS:,} counts", remedy)]
    return []


def half_tiles(blocks: int, documents: Sequence[int] | None, block: int) -> np.ndarray:
    """(blocks,) half tiles of each block of queries.

    Args:
        documents: lengths, each causal in itself; one for a causal sequence; None for no mask.
    """
    if documents is None:
        return np.full(blocks, 2 * blocks, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(documents)])
    first = np.arange(blocks) * block
    found = np.zeros(blocks, dtype=np.int64)
    for row, begin in enumerate(first.tolist()):
        end = begin + block
        reach = int(starts[np.searchsorted(starts, begin, side="right") - 1])  # where the first query's document starts
        last = int(starts[np.searchsorted(starts, end - 1, side="right") - 1])  # and the last query's
        touched = row - reach // block + 1
        whole = max(0, row - -(-last // block)) if last <= begin else 0
        found[row] = touched + whole
    return found


def documents(said: Any, sequence: int, resolver: Resolver) -> list[int] | None:
    """Lengths of a mask's documents; None for no mask.

    Raises:
        SpecError: it is no mask, or lengths don't add up.
    """
    if said == "full":
        return None
    if said == "causal":
        return [sequence]
    if not isinstance(said, Mapping) or set(said) != {"documents"}:
        raise SpecError([Fault("mask", f"{shown(said)} is no mask", '"causal", "full" or {documents = "lengths.csv"}')])
    given = said["documents"]
    lengths = resolver.array(given, "mask.documents").ravel().tolist() if isinstance(given, str) else given
    wrong = not isinstance(lengths, list) or not all(isinstance(one, int) and one > 0 for one in lengths)
    if wrong or any(isinstance(one, bool) for one in lengths):
        raise SpecError([Fault("mask.documents", "expected lengths", "whole numbers from 1")])
    if sum(lengths) != sequence:
        remedy = "they must add up to sequence"
        raise SpecError([Fault("mask.documents", f"{sum(lengths):,} tokens, with a sequence of {sequence:,}", remedy)])
    return [int(one) for one in lengths]


def devices(said: Any) -> list[tuple[str, Device | None, float]]:
    """(name, preset or None, speed) of each device.

    Raises:
        SpecError: the table can't be read.
    """
    if not isinstance(said, list) or not said or not all(isinstance(one, Mapping) for one in said):
        raise SpecError([Fault("devices", "expected a table for each sort of device", _DEVICES)])
    found: list[tuple[str, Device | None, float]] = []
    for place, one in enumerate(said):
        where = f"devices[{place}]"
        if unknown := sorted(set(one) - {"preset", "count", "name", "speed"}):
            raise SpecError([Fault(f"{where}.{unknown[0]}", "unknown field", _DEVICES)])
        if ("preset" in one) == ("speed" in one):
            raise SpecError([Fault(where, "a preset or a speed", _DEVICES)])
        preset = chosen(one["preset"], PRESETS, f"{where}.preset", "device") if "preset" in one else None
        speed = one.get("speed", 0.0)
        if preset is None and (isinstance(speed, bool) or not isinstance(speed, int | float) or not speed > 0):
            raise SpecError([Fault(f"{where}.speed", f"{shown(speed)} is no speed", "a positive number")])
        count, name = (
            whole(one.get("count", 1), f"{where}.count"),
            str(one.get("name", preset or f"device{place + 1}")),
        )
        device = PRESETS[preset] if preset is not None else None
        if faults := too_large(1, len(found) + count):
            raise SpecError(faults)
        found += [(f"{name}#{k + 1}" if count > 1 else name, device, float(speed)) for k in range(count)]
    return found
