"""Where things are printed: data on stdout, messages and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

UNFOLDED = 24  # characters: shorter names in a first column stay on one line
UNBROKEN = 16  # characters: shorter numbers and verdicts aren't broken


class Screen(Console):
    """A console that lets a broken pipe through to ``main``, which ends quietly."""

    def on_broken_pipe(self) -> None:
        raise  # the BrokenPipeError that rich is handling


OUT = Screen(highlight=False, markup=False, emoji=False)
ERR = Screen(highlight=False, markup=False, emoji=False, stderr=True)


def complain(message: str) -> None:
    """An error on stderr."""
    ERR.print(Text.assemble(("dualgap: ", "bold red"), message), soft_wrap=not ERR.is_terminal)


def tell(message: str) -> None:
    """A message on stderr; never broken where no person reads along."""
    ERR.print(Text(message, style="dim"), soft_wrap=not ERR.is_terminal)


def show(*items: RenderableType) -> None:
    """Something for people on stdout."""
    for item in items:
        OUT.print(item)


def show_json(data: Any) -> None:
    """One JSON document on stdout, a line where it is a list of rows or a run."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def table(header: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[str] = ()) -> Table:
    """A compact table that folds rather than cuts; columns named in ``right`` are aligned there.

    Short numbers and the last column's short words stay whole; names in the first column too, where there is room.
    """
    listed = list(rows)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    widths = [max(map(len, column)) for column in zip(header, *listed, strict=True)]
    last = len(header) - 1
    whole = {k for k, name in enumerate(header) if (name in right or k == last) and k > 0 and widths[k] <= UNBROKEN}
    others = sum(widths[k] + 2 if k in whole else min(widths[k], UNBROKEN) + 2 for k in range(1, len(header)))
    if widths[0] <= UNFOLDED and widths[0] + others <= OUT.width:
        whole.add(0)
    for k, name in enumerate(header):
        justify: JustifyMethod = "right" if name in right else "left"
        made.add_column(name, justify=justify, overflow="fold", no_wrap=k in whole)
    for row in listed:
        made.add_row(*row)
    return made


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Names and what they are, a line each."""
    listed = list(rows)
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=all(len(name) <= UNFOLDED for name, _ in listed), max_width=UNFOLDED)
    made.add_column(overflow="fold")
    for name, value in listed:
        made.add_row(name, value)
    return made
