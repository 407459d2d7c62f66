"""Minimax regret of losses that are JAX functions: a saddle program between a model and weights of the groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.arrays import Vector
from dualgap.core.certificate import Evaluation
from dualgap.core.errors import UsageError
from dualgap.core.exact import Real
from dualgap.core.sets import Set, Simplex
from dualgap.core.witness import Strategies, Witness
from dualgap.models.saddle import Saddle
from dualgap.solvers.jax_scope import x64

Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Weighted:
    """``sum_s weights_s (loss_s(theta, data) - optimum_s)``; equal for the same losses, so that it is compiled once."""

    losses: tuple[Loss, ...]

    def __call__(self, theta: Any, weights: Any, data: Mapping[str, Any]) -> Any:
        import jax.numpy as jnp

        values = jnp.stack([loss(theta, data["data"]) for loss in self.losses])
        return weights @ (values - data["optima"])


class GroupLosses(Saddle):
    """``min over theta of max over s of loss_s(theta) - optimum_s``; build it with ``group_losses``.

    Attributes:
        optima: (k,) what is taken off each loss; zeros for the worst loss itself.
        names: of the groups.
    """

    kind: ClassVar[str] = "group-losses"
    summary: ClassVar[str] = "the worst of several groups' losses or regrets, from Python"

    optima: Vector
    names: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        losses = [f"{loss.__module__}.{loss.__qualname__}" for loss in self._weighted.losses]
        return {**super().content(), "losses": losses, "optima": self.optima, "names": list(self.names)}

    @property
    def quantity(self) -> str:
        return "worst regret" if self.optima.any() else "worst loss"

    @property
    def _weighted(self) -> Weighted:
        assert isinstance(self.objective, Weighted)
        return self.objective

    def losses(self, theta: np.ndarray) -> np.ndarray:
        """(k,) each group's loss of a model, in a flat vector."""
        point = self._game.field.x.shape.whole(np.asarray(theta, dtype=np.float64))
        with x64():
            return np.array([float(loss(point, self.data["data"])) for loss in self._weighted.losses])

    def evaluate(self, answer: Any) -> Evaluation:
        found = super().evaluate(answer)
        if not np.isfinite(float(found.objective)):
            return found
        losses = self.losses(answer.x)
        by_group = {"loss": losses, "regret": losses - self.optima}
        told = {what: dict(zip(self.names, values.tolist())) for what, values in by_group.items()}
        return Evaluation(found.objective, found.violations, {**found.metrics, **told}, scale=found.scale)

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        """The adversary's weights."""
        if not isinstance(witness, Strategies) or len(witness.y) != len(self.names):
            return {}
        return {"weight": dict(zip(self.names, witness.y.tolist()))}


def group_losses(
    losses: Sequence[Loss],
    domain: Set,
    initial: Any,
    *,
    optima: Sequence[float] | np.ndarray | None = None,
    data: Any = None,
    names: Sequence[str] = (),
) -> GroupLosses:
    """The problem of several losses.

    Args:
        losses: ``loss_s(theta, data)``, convex JAX functions: that is taken on your word.
        domain: where theta may be; a bounded set with a linear minimum gives lower bounds.
        initial: theta to start from, an array.
        optima: what is taken off each loss; zeros by default.
        data: what the losses take besides.
        names: of the groups, 1 ... k by default.

    Raises:
        UsageError: no losses, or optima and names of another number.
    """
    k = len(losses)
    given = np.zeros(k) if optima is None else np.asarray(optima, dtype=np.float64)
    called = tuple(names) or tuple(str(s + 1) for s in range(k))
    if not k:
        raise UsageError("no losses; give a function for each group")
    for what, length in (("optima", len(given)), ("names", len(called))):
        if length != k:
            raise UsageError(f"{length} {what} for {k} losses; give one each")
    return GroupLosses(
        objective=Weighted(tuple(losses)),
        x_set=domain,
        y_set=Simplex(),
        initial=(initial, np.full(k, 1.0 / k)),
        data={"data": data, "optima": given},
        optima=given,
        names=called,
    )
