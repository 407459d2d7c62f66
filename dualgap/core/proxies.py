"""Programs whose constraints can be measured but not differentiated, with smooth proxies that stand in for them.

Source: Cotter, Jiang and Sridharan, Two-player games for efficient non-convex constrained optimization (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from dualgap.core.forms import Form, MixedIntegerProgram


@dataclass(frozen=True)
class Mixture:
    """A point: parameters, and the weights with which they are drawn.

    Attributes:
        members: pytrees of parameters.
        weights: (m,) at least 0, sum 1.
    """

    members: tuple[Any, ...]
    weights: np.ndarray


Found = tuple[Any, float, np.ndarray]
"""Parameters with their F and G."""


class Line(Protocol):
    """Parameters that differ in a number or few only (a classifier's intercepts), searched exactly."""

    def best(self, multipliers: np.ndarray) -> Found:
        """Those with the least ``F + multipliers'G``."""

    def feasible(self) -> Found | None:
        """Those with the least F among the feasible ones that were looked at, or None."""


@dataclass(frozen=True)
class Relaxation:
    """A linear program whose optimum no point goes below.

    Attributes:
        build: makes it.
        multipliers: of its rows to those of the inequalities, at least 0: the nearest ones.
    """

    build: Callable[[], MixedIntegerProgram]
    multipliers: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ProxyProgram(Form):
    """``min F`` with ``G <= 0`` over parameters, or over mixtures of them, of which F and G are the weighted means.

    F and G are measured (error rates, say): they are piecewise constant, and f and g are differentiated in their place.
    A point is a ``Mixture``. The functions take a pytree of parameters and ``data``, are at module level, and run under
    JAX. Multipliers of G are at least 0; their witness is ``Multipliers``.

    Attributes:
        proxies: ``(parameters, data) -> (f, g)``, differentiable.
        measured: ``(parameters, data) -> (F, G)``.
        initial: parameters to begin at, for a seed.
        data: what the functions take, a pytree; they may be given it in 32 bits.
        evaluate: ``parameters of k points -> ((k,) F, (k, m) G)`` as the problem judges them, in NumPy.
        mixtures: whether points may have several members.
        candidates: parameters that are worth a look, whatever is found.
        priced: ``(parameters, multipliers, data)``: a smooth stand-in for ``F + multipliers'G`` whose minimiser is
            better than that of ``f + multipliers'g``, which it is by default.
        line: the line through given parameters, or None where there is none.
        relaxation: a bound, and multipliers to begin with.
    """

    title: ClassVar[str] = "program with proxies"
    proxies: Callable[[Any, Any], Any]
    measured: Callable[[Any, Any], Any]
    initial: Callable[[int], Any]
    data: Any
    evaluate: Callable[[Sequence[Any]], tuple[np.ndarray, np.ndarray]]
    mixtures: bool = True
    candidates: tuple[Any, ...] = ()
    priced: Callable[[Any, Any, Any], Any] | None = None
    line: Callable[[Any], Line] | None = None
    relaxation: Relaxation | None = None

    def worth(self, point: Mixture) -> tuple[float, float]:
        """(F, the largest of G or 0) of a mixture."""
        values, excesses = self.evaluate(point.members)
        return float(point.weights @ values), float(max(0.0, (point.weights @ excesses).max(initial=0.0)))
