"""Minimax regret of user functions: ``dualgap.minimax_regret``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dualgap.core.claim import Stop
from dualgap.core.errors import UsageError
from dualgap.core.sets import Set
from dualgap.engine.solve import solve
from dualgap.models.regret import GroupLosses, Loss, group_losses

_KNOWN = 1e-5  # relative: how well a group's own optimum must be known


def minimax_regret(
    losses: Sequence[Loss],
    domain: Set,
    initial: Any,
    *,
    optima: Sequence[float] | None = None,
    data: Any = None,
    names: Sequence[str] = (),
    time: float = 10.0,
) -> GroupLosses:
    """``min over theta of max over s of loss_s(theta) - optimum_s`` as a problem for ``dualgap.solve``.

    Example:
        ``dualgap.solve(dualgap.minimax_regret([fit_north, fit_south], Ball(radius=10.0), np.zeros(3)))``

    Args:
        losses: ``loss_s(theta, data)``, convex JAX functions: that is taken on your word.
        domain: where theta may be; a bounded set with a linear minimum gives lower bounds.
        initial: theta to start from, an array.
        optima: each group's own least loss; by default each is fitted alone first. Regrets are to these numbers.
        data: what the losses take besides.
        names: of the groups, 1 ... k by default.
        time: seconds for each of these fits.

    Raises:
        UsageError: no losses, optima or names of another number, a loss that can't be evaluated, or a group's own
            optimum that isn't found that way.
    """
    whole = group_losses(losses, domain, initial, data=data, names=names)
    if optima is None:
        optima = [_own(loss, domain, initial, data, name, time) for loss, name in zip(losses, whole.names)]
    return group_losses(losses, domain, initial, optima=optima, data=data, names=whole.names)


def _own(loss: Loss, domain: Set, initial: Any, data: Any, name: str, time: float) -> float:
    """A group's least loss, as its own fit attains it."""
    run = solve(group_losses([loss], domain, initial, data=data), time=time)
    certificate = run.certificate
    if run.stop is Stop.ERROR:
        raise UsageError(f"group {name}: its loss can't be evaluated: {run.message}")
    if certificate is None or certificate.value is None or certificate.bound is None:
        raise UsageError(f"group {name}: its own optimum was not found; give optima, or a bounded domain")
    value, bound = float(certificate.value), float(certificate.bound)
    if value - bound > _KNOWN * max(1.0, abs(value)):
        raise UsageError(f"group {name}: its own optimum is between {bound:.6g} and {value:.6g}; give optima, or time")
    return value
