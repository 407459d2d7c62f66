"""The points that a run came by, what each is worth, and the lines through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualgap.core.proxies import Found, Line, Mixture, ProxyProgram
from dualgap.solvers.fairness.mixing import Mixed

_GAIN = 1e-9  # of F: a point that promises less doesn't improve a mixture
_MOST = 400  # points; of more than twice as many, those with the highest prices go


class Origin:
    """A point that training came by; its line is prepared when it is first searched."""

    def __init__(self, parameters: Any) -> None:
        self.parameters = parameters
        self._line: Line | None = None

    def line(self, form: ProxyProgram) -> Line:
        assert form.line is not None
        self._line = self._line or form.line(self.parameters)
        return self._line


class Pool:
    """Points with their F and G.

    Attributes:
        members: parameters. values: (k,) F. excesses: (k, m) G.
        origins: of each, the point on whose line it is: itself, where training came by it.
    """

    def __init__(self, form: ProxyProgram) -> None:
        self.form = form
        self.members: list[Any] = []
        self.origins: list[Origin] = []
        self.values = np.zeros(0)
        self.excesses = np.zeros((0, 0))

    def add(self, members: Sequence[Any]) -> None:
        """Takes further points in."""
        if members:
            values, excesses = self.form.evaluate(members)
            self._append(list(members), [Origin(parameters) for parameters in members], values, excesses)

    def along(self, mixed: Mixed, lines: int) -> bool:
        """Searches the lines of the members of a mixture, and of the points next in line at its prices.

        Returns whether a point was found and added that improves the mixture.
        """
        taken = False
        for origin in self._promising(mixed, lines):
            found, value, excesses = origin.line(self.form).best(mixed.multipliers)
            if value + excesses @ mixed.multipliers < mixed.least - _GAIN:
                self._take(origin, (found, value, excesses))
                taken = True
        return taken

    def settle(self, mixed: Mixed, lines: int) -> None:
        """Adds the best feasible point of each promising line."""
        for origin in self._promising(mixed, lines):
            found = origin.line(self.form).feasible()
            if found is not None:
                self._take(origin, found)

    def point(self, mixed: Mixed | None) -> Mixture:
        """The mixture of a linear program, its heaviest member first; or the best single point."""
        if mixed is None or not self.form.mixtures:
            return self._single()
        places = sorted(np.flatnonzero(mixed.weights).tolist(), key=lambda k: -mixed.weights[k])
        return Mixture(tuple(self.members[k] for k in places), mixed.weights[places])

    def pruned(self, mixed: Mixed) -> Mixed:
        """Drops the points that are dearest at a mixture's prices where there are very many; the mixture after that."""
        if len(self.members) <= 2 * _MOST:
            return mixed
        single = int(np.argsort(self.excesses.max(axis=1, initial=0.0) + self.values, kind="stable")[0])
        kept = np.unique(np.append(self._order(mixed)[:_MOST], single))
        self.members = [self.members[k] for k in kept.tolist()]
        self.origins = [self.origins[k] for k in kept.tolist()]
        self.values, self.excesses = self.values[kept], self.excesses[kept]
        return mixed.of(kept)

    def _order(self, mixed: Mixed) -> np.ndarray:
        """Places: the mixture's members first, then by price."""
        price = self.values + self.excesses @ mixed.multipliers
        price[np.flatnonzero(mixed.weights)] = -np.inf
        return np.argsort(price, kind="stable")

    def _promising(self, mixed: Mixed, lines: int) -> list[Origin]:
        if self.form.line is None:
            return []
        return list(dict.fromkeys(self.origins[k] for k in self._order(mixed).tolist()))[:lines]

    def _single(self) -> Mixture:
        """The best feasible point; where there is none, that which misses by the least."""
        violation = self.excesses.max(axis=1, initial=0.0)
        best = int(np.lexsort((self.values, np.maximum(violation, 0.0)))[0])
        return Mixture((self.members[best],), np.ones(1))

    def _take(self, origin: Origin, found: Found) -> None:
        self._append([found[0]], [origin], np.array([found[1]]), found[2][None])

    def _append(self, members: list[Any], origins: list[Origin], values: np.ndarray, excesses: np.ndarray) -> None:
        self.excesses = np.vstack([self.excesses.reshape(len(self.members), excesses.shape[1]), excesses])
        self.values = np.append(self.values, values)
        self.members.extend(members)
        self.origins.extend(origins)
