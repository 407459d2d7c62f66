"""Solution files of solvers: names and values out of what HiGHS, CBC, SCIP, Gurobi and MIPLIB's checkers write.

HiGHS writes ``# Columns N`` and N lines of a name and a value; Gurobi comments that begin with ``#``; SCIP and MIPLIB
lines with ``status``, ``value`` or ``=obj=``, and the costs behind the values; CBC a line number before the name, the
reduced cost behind the value, and ``**`` before what violates something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from dualgap.core.arrays import shown
from dualgap.core.resolve import parse_number

Pairs = Sequence[tuple[str, int | float | Decimal]]

_COLUMNS = "# Columns"
_SAID = re.compile(
    r"=\w+=|(solution status|objective value)\s*:|(optimal|feasible|infeasible|stopped)\b.* objective", re.I
)
_CBC = re.compile(r"(?:\*\*)?\s*\d+\s+(\S.*\S|\S)\s+(\S+)\s+(\S+)")
_COST = re.compile(r"\s*\(obj:[^)]*\)\s*$")


def read_pairs(text: str) -> Pairs:
    """The names and values in a solution file.

    Raises:
        ValueError: it is none of these; names the line.
    """
    lines = text.splitlines()
    if any(line.startswith(_COLUMNS) for line in lines):
        return _highs(lines)
    said = [line for line in lines if _SAID.match(line.strip())]
    named = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#") and line not in said
    ]
    if not named and not said and not any(line.startswith("#") for line in lines):
        raise ValueError("no line with a name and a value")
    cbc = bool(named) and any("objective" in line for line in said) and all(_CBC.fullmatch(x.strip()) for _, x in named)
    return [_pair(number, line, cbc) for number, line in (_last_section(named) if cbc else named)]


def _highs(lines: Sequence[str]) -> Pairs:
    start = next(k for k, line in enumerate(lines) if line.startswith(_COLUMNS))
    try:
        count = int(lines[start].split()[2])
        cells = [line.rsplit(maxsplit=1) for line in lines[start + 1 : start + 1 + count]]
        pairs = [(name, parse_number(value)) for name, value in cells]
    except (ValueError, IndexError) as error:
        raise ValueError(f"a damaged column: {error}") from None
    if len(pairs) != count:
        raise ValueError(f"{len(pairs)} columns of {count}: is the file whole?")
    return pairs


def _last_section(named: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """The columns: CBC numbers its lines, and where it prints rows as well, they come first."""
    starts = [k for k, (_, line) in enumerate(named) if line.replace("**", "").split()[0] == "0"]
    return named[starts[-1] :] if len(starts) > 1 else named


def _pair(number: int, line: str, cbc: bool) -> tuple[str, int | float | Decimal]:
    match = _CBC.fullmatch(line.strip()) if cbc else None
    cells = [match[1], match[2]] if match is not None else _COST.sub("", line).strip().rsplit(maxsplit=1)
    try:
        name, value = cells
        return name, parse_number(value)
    except ValueError:
        raise ValueError(f"line {number} has no name and value: {shown(line.strip())}") from None
