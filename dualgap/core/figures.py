"""What a report draws of an answer: plain data, without a word on how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_PLAYED = 1e-9  # shares below it are rounding


@dataclass(frozen=True, eq=False)
class Figure:
    """Base of the figures; ``caption`` is one or two sentences. The report draws each type in one way."""

    caption: str


@dataclass(frozen=True)
class Plane:
    """Two measures that an answer trades for each other, beside where it should be.

    Attributes:
        across, up: what is measured, by name.
        at: (across, up) of the answer.
        marks: other places by name: (across, up) of each, the same for all answers.
    """

    across: str
    up: str
    at: tuple[float, float]
    marks: tuple[tuple[str, tuple[float, float]], ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of a comparison's report: what it says, and a table; either may be empty.

    Attributes:
        title: its heading; none where that is empty.
        text: paragraphs, plain text.
        header: of the table; ``rows`` are as long, texts all, the first column to the left.
    """

    title: str = ""
    text: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError(f"every row of a section must be as long as its header, {len(self.header)}")


@dataclass(frozen=True, eq=False)
class Picture:
    """An image.

    Attributes:
        title: what it shows, short.
        pixels: (height, width) or (height, width, 3), from the top left.
        low, high: the values that are black and white; signed ones are drawn around 0, up to the larger size.
        signed: whether the values are differences.
    """

    title: str
    pixels: np.ndarray
    low: float = 0.0
    high: float = 1.0
    signed: bool = False


@dataclass(frozen=True, eq=False)
class Pictures(Figure):
    """Rows of images, each with its name."""

    rows: tuple[tuple[str, tuple[Picture, ...]], ...]


@dataclass(frozen=True, eq=False)
class Histogram(Figure):
    """How often values fall between edges: (n + 1,) ``edges``, increasing, and (n,) ``counts``."""

    title: str
    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class Bars(Figure):
    """Numbers by name: mixed strategies, weights, allocations."""

    title: str
    names: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Timeline(Figure):
    """Who works when: by name (start, end, kind) of what is done, in order; kinds differ in shade."""

    title: str
    rows: tuple[tuple[str, tuple[tuple[float, float, str], ...]], ...]


def strategy(player: str, names: Sequence[str], weights: np.ndarray) -> Bars:
    """A mixed strategy, or a budget that is spent: the shares of what is played at all, by name."""
    shares = np.asarray(weights, dtype=np.float64) / float(np.sum(weights, dtype=np.float64))
    played = np.flatnonzero(shares > _PLAYED)
    caption = f"The shares of {player}: {len(played):,} of {len(shares):,} are above 0."
    return Bars(caption, player, tuple(names[i] for i in played.tolist()), shares[played])
