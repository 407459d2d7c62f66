"""The points that a run came by, what each is worth, and the lines through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualgap.core.proxies import Found, Line, Mixture, ProxyProgram
from dualgap.solvers.fairness.mixing import Mixed

_GAIN = 1e-9  # of F: a point that promises less doesn't improve a mixture


class Pool:
    """Points with their F and G.

    Attributes:
        members: parameters. values: (k,) F. excesses: (k, m) G.
    """

    def __init__(self, form: ProxyProgram) -> None:
        self.form = form
        self.members: list[Any] = []
        self.values = np.zeros(0)
        self.excesses = np.zeros((0, 0))
        self._parents: list[int] = []
        self._lines: dict[int, Line] = {}

    def add(self, members: Sequence[Any]) -> None:
        """Takes further points in."""
        if members:
            values, excesses = self.form.evaluate(members)
            self._parents.extend(range(len(self.members), len(self.members) + len(members)))
            self._append(list(members), values, excesses)

    def along(self, mixed: Mixed, lines: int) -> bool:
        """Searches the lines of the members of a mixture, and of the points next in line at its prices.

        Returns whether a point was found and added that improves the mixture.
        """
        taken = False
        for parent in self._promising(mixed, lines):
            found, value, excesses = self._line(parent).best(mixed.multipliers)
            if value + excesses @ mixed.multipliers < mixed.least - _GAIN:
                self._take(parent, (found, value, excesses))
                taken = True
        return taken

    def settle(self, mixed: Mixed, lines: int) -> None:
        """Adds the best feasible point of each promising line."""
        for parent in self._promising(mixed, lines):
            found = self._line(parent).feasible()
            if found is not None:
                self._take(parent, found)

    def _take(self, parent: int, found: Found) -> None:
        self._parents.append(parent)
        self._append([found[0]], np.array([found[1]]), found[2][None])

    def _append(self, members: list[Any], values: np.ndarray, excesses: np.ndarray) -> None:
        self.excesses = np.vstack([self.excesses.reshape(len(self.members), excesses.shape[1]), excesses])
        self.values = np.append(self.values, values)
        self.members.extend(members)

    def _promising(self, mixed: Mixed, lines: int) -> list[int]:
        """Places of points with lines of their own: those of the mixture first, then by price."""
        if self.form.line is None:
            return []
        price = self.values + self.excesses @ mixed.multipliers
        price[np.flatnonzero(mixed.weights)] = -np.inf
        return list(dict.fromkeys(self._parents[k] for k in np.argsort(price, kind="stable").tolist()))[:lines]

    def point(self, mixed: Mixed | None) -> Mixture:
        """The mixture of a linear program, the best of its members first; or the best single point."""
        if mixed is None or not self.form.mixtures:
            return self._single()
        places = sorted(np.flatnonzero(mixed.weights).tolist(), key=lambda k: -mixed.weights[k])
        return Mixture(tuple(self.members[k] for k in places), mixed.weights[places])

    def _single(self) -> Mixture:
        violation = self.excesses.max(axis=1, initial=0.0)
        order = np.lexsort((self.values, violation)) if violation.min() > 0 else None
        best = int(order[0]) if order is not None else int(np.where(violation <= 0, self.values, np.inf).argmin())
        return Mixture((self.members[best],), np.ones(1))

    def _line(self, place: int) -> Line:
        assert self.form.line is not None
        if place not in self._lines:
            self._lines[place] = self.form.line(self.members[place])
        return self._lines[place]
