"""What a compiled program sends: the collectives in XLA's text, with the trips of the loops that they are in."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER = "all-reduce", "all-gather", "reduce-scatter"
ALL_TO_ALL, PERMUTE = "all-to-all", "collective-permute"
TYPES = (ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER, ALL_TO_ALL, PERMUTE)
FEW = 64  # elements; sums of scalars are no tensors

_HEAD = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .* \{$")
_SENT = re.compile(rf"^\s*(?:ROOT )?%?[\w.\-]+ = (.*?) ({'|'.join(TYPES)})(-start)?\(")
_TENSOR = re.compile(r"\b(bf16|f16|f32|f64)\[([\d,]*)\]")
_CALLED = re.compile(r"(?:calls|to_apply|body|condition)=%?([\w.\-]+)|branch_computations=\{([^}]*)\}")
_TRIPS = re.compile(r'known_trip_count":\{"n":"(\d+)"')
_WIDTH = {"bf16": 2, "f16": 2, "f32": 4, "f64": 8}


@dataclass(frozen=True)
class Sent:
    """A collective: its type, bytes on a device's wire, how often it runs."""

    type: str
    bytes: float
    times: int


def collectives(text: str) -> tuple[Sent, ...]:
    """Of floating tensors, from the program's start. A ring's bytes: of all-reduces 2 (g - 1) / g of the tensor, of
    gathers, scatters and exchanges half of that, of permutations all of it.

    Raises:
        ValueError: a loop's trips aren't known, a collective runs in two halves, or its group can't be read.
    """
    lines: dict[str, list[str]] = {}
    entry = ""
    for line in text.splitlines():
        if head := _HEAD.match(line):
            name = head[2]
            lines[name] = []
            entry = name if head[1] else entry
        elif lines:
            lines[name].append(line)
    return tuple(_of(entry, 1, lines))


def total(sent: tuple[Sent, ...]) -> dict[str, float]:
    """Bytes by type."""
    found = Counter[str]()
    for one in sent:
        found[one.type] += one.times * one.bytes  # type: ignore[assignment]
    return dict(found)


def _of(name: str, times: int, lines: dict[str, list[str]]) -> list[Sent]:
    found = []
    for line in lines.get(name, []):
        if sent := _SENT.match(line):
            if sent[3]:
                raise ValueError(f"{sent[2]} runs in two halves")
            if bytes_ := _wire(sent[2], sent[1], line):
                found.append(Sent(sent[2], bytes_, times))
            continue
        named = [one or several for one, several in _CALLED.findall(line)]
        inner = [called.strip("% ") for group in named for called in group.split(",")]
        below = [one for called in inner for one in _of(called, 1, lines)]
        if not below:
            continue
        trips = 1
        if " while(" in line:
            known = _TRIPS.search(line)
            if known is None:
                raise ValueError("a loop with collectives runs nobody knows how often")
            trips = int(known[1])
        found += [Sent(one.type, one.bytes, times * trips * one.times) for one in below]
    return found


def _wire(type_: str, result: str, line: str) -> float:
    tensors = [(kind, math.prod(int(n) for n in size.split(",") if n)) for kind, size in _TENSOR.findall(result)]
    bytes_ = float(sum(_WIDTH[kind] * count for kind, count in tensors if count > FEW or type_ == ALL_TO_ALL))
    if not bytes_ or type_ == PERMUTE:
        return bytes_
    size = _group(line)
    share = (size - 1) / size
    return {ALL_REDUCE: 2 * share, ALL_GATHER: share, REDUCE_SCATTER: size - 1.0, ALL_TO_ALL: share}[type_] * bytes_


def _group(line: str) -> int:
    """Devices of a group, in any of the three ways that XLA writes them."""
    if listed := re.search(r"replica_groups=\{\{([\d,]+)\}", line):
        return listed[1].count(",") + 1
    if counted := re.search(r"replica_groups=\[\d+,(\d+)\]", line):
        return int(counted[1])
    if meshed := re.search(r"replica_groups=mesh\[([^\]]+)\][^{]*\{([^}]*)\}", line):
        sizes = dict(re.findall(r"'(\w+)'=(\d+)", meshed[1]))
        return math.prod(int(sizes[axis]) for axis in re.findall(r"'(\w+)'", meshed[2]))
    raise ValueError(f"no group that can be read: {line.strip()[:200]}")
