"""From raw specs to closed ones: a sequence and its mask become pairs attended between stretches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.attention_placement.raw import RAW_SCHEMAS as PLACEMENT
from dualgap.problems.attention_placement.raw import devices, documents
from dualgap.problems.said import whole

MOST = 1024  # stretches
RAW_FIELDS: Mapping[str, str] = {
    "sequence": "how many tokens",
    "stretches": "into how many equal parts it is cut; two for each device by default",
    "mask": '"causal" (the default), "full", or {documents = "lengths.csv"}: causal within documents; or a list',
    "copies": "how often the sequence is there: batch times heads; 1 by default",
    "head_dim": "of a head; 128 by default",
}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    name: PLACEMENT[name] for name in ("sequence", "copies", "head_dim", "mask", "devices")
} | {"stretches": PLACEMENT["block"]}


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if "sequence" not in raw:
        if extra := sorted(RAW_FIELDS.keys() & raw.keys()):
            raise SpecError([Fault("sequence", f"missing, and {extra[0]} is given", "sequence = 65536, say")])
        return resolver.columns(raw, ())
    found = devices(raw.pop("devices", None))
    sequence = whole(raw.pop("sequence"), "sequence")
    stretches = whole(raw.pop("stretches", 2 * len(found)), "stretches")
    if stretches > MOST:
        raise SpecError([Fault("stretches", f"{stretches:,}, beyond {MOST:,}", "fewer, longer ones")])
    for place, parts, name in (("sequence", sequence, "stretches"), ("stretches", stretches, "devices")):
        by = stretches if name == "stretches" else len(found)
        if parts % by:
            raise SpecError([Fault(place, f"{by} {name} don't divide {parts}", "equal parts; pad the sequence")])
    copies, head_dim = whole(raw.pop("copies", 1), "copies"), whole(raw.pop("head_dim", 128), "head_dim")
    pair = 4.0 * head_dim * copies  # operations: a product of scores and one of values, in each copy
    speeds = [speed if device is None else device.flops / pair for _, device, speed in found]
    work = pairs(stretches, sequence, documents(raw.pop("mask", "causal"), sequence, resolver))
    return {
        **raw,
        "work": work,
        "speed": np.array([float(f"{value:.12g}") for value in speeds]),
        "devices": tuple(name for name, _, _ in found),
    }


def pairs(stretches: int, sequence: int, lengths: Sequence[int] | None) -> np.ndarray:
    """(n, n) pairs of a query of one stretch and a key of another that are attended.

    Args:
        lengths: of documents, each causal in itself; None for no mask.
    """
    long = sequence // stretches
    if lengths is None:
        return np.full((stretches, stretches), long**2, dtype=np.int64)
    found = np.zeros((stretches, stretches), dtype=np.int64)
    edges = np.arange(stretches + 1) * long
    begin = 0
    for length in lengths:
        inside: np.ndarray = np.diff(np.clip(edges, begin, begin + length)).astype(np.int64)
        found += np.tril(np.outer(inside, inside), -1) + np.diag(inside * (inside + 1) // 2)
        begin += length
    return found
