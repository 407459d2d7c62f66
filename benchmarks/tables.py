"""Markdown tables from benchmark rows: ``python benchmarks/NAME.py --json | python benchmarks/tables.py``."""

from __future__ import annotations

import json
import sys
from typing import Any


def number(value: float | None, unit: str) -> str:
    """Three significant digits, seconds below a tenth in milliseconds."""
    if value is None:
        return "-"
    if unit == "s" and abs(value) < 0.1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.3g} {unit}".strip()


def line(row: dict[str, Any]) -> str:
    """One row of the table; the ratio is the peer's number over ours."""
    unit, value, peer = row["unit"], row["value"], row["peer_value"]
    ratio = f"{peer / value:.3g} x" if value and peer is not None else ""
    target = number(row["target"], unit) if row["target"] is not None else ""
    met = {True: "yes", False: "**no**", None: ""}[row["ok"]]
    named = f"{row['peer']}: {number(peer, unit)}" if row["peer"] else ""
    return f"| {row['what']} | {number(value, unit)} | {target} | {met} | {named} | {ratio} |"


def table(rows: list[dict[str, Any]]) -> str:
    """The whole table."""
    head = "| what | measured | target | met | peer | peer over ours |\n|---|---|---|---|---|---|"
    return "\n".join([head, *map(line, rows)])


if __name__ == "__main__":
    print(table(json.load(sys.stdin)))
