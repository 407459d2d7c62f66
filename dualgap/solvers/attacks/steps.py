"""Projected steps from a batch of points: PGD and APGD, in NumPy or traced by JAX.

APGD halves a row's step and goes back to its best point where, between two checkpoints, too few steps lowered the loss,
or nothing better was found (Croce and Hein, Reliable evaluation of adversarial robustness, 2020). In the l1 norm a step
moves few coordinates, and checkpoints adapt how many (Croce and Hein, Mind the box, 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from dualgap.core.sets import BallBox
from dualgap.core.traced import namespace, until
from dualgap.solvers.attacks.forward import Slope

Rule = Literal["apgd", "pgd"]

_MOMENTUM = 0.75
_ENOUGH = 0.75  # of the steps between two checkpoints that lower the loss
_FIRST, _SHORTER, _SHORTEST = 0.22, 0.03, 0.06  # checkpoints, as parts of all iterations
_SPARSER, _FIRST_SHARE = 1.5, 0.2  # of the coordinates that an l1 step moves


class State(NamedTuple):
    """A batch of B rows on the way; what has a trailing 1 is a column.

    Attributes:
        x, before: (B, d) the points now and one step ago.
        loss, gradient: at x.
        best, least, best_gradient: each row's point of the least margin so far.
        step: (B, 1) lengths.
        moved: (B, 1) how many coordinates an l1 step moves.
        falls: (B,) steps since the checkpoint that lowered the loss.
        least_then, halved: (B,) at the last checkpoint.
        count, since, window: of iterations: all, since the checkpoint, between two.
    """

    x: Any
    before: Any
    loss: Any
    gradient: Any
    best: Any
    least: Any
    best_gradient: Any
    step: Any
    moved: Any
    falls: Any
    least_then: Any
    halved: Any
    count: Any
    since: Any
    window: Any


def begin(slope: Callable[[Any, Any], Slope], x: Any, facts: Any, step: Any, iterations: Any) -> State:
    """The state at points of the set; ``step`` (B, 1) is the first."""
    xp = namespace(x)
    there = slope(x, facts)
    none = xp.zeros_like(there.loss)
    gradient = xp.where(xp.isfinite(there.gradient), there.gradient, 0.0)
    zero = xp.sum(xp.zeros_like(x[:1, 0]))
    return State(
        x=x,
        before=x,
        loss=there.loss,
        gradient=gradient,
        best=x,
        least=there.margin,
        best_gradient=gradient,
        step=xp.zeros_like(x[:, :1]) + step,
        moved=xp.zeros_like(x[:, :1]) + xp.ceil(_FIRST_SHARE * xp.asarray(x.shape[1])),
        falls=none,
        least_then=there.margin,
        halved=none > 0,
        count=zero,
        since=zero,
        window=zero + xp.maximum(xp.floor(_FIRST * xp.asarray(iterations)), 1.0),
    )


def advance(
    slope: Callable[[Any, Any], Slope],
    rule: Rule,
    state: State,
    domain: BallBox,
    facts: Any,
    iterations: Any,
    limit: Any,
    enough: Any,
) -> State:
    """Up to ``limit`` of ``iterations`` more; ends early where every row's margin is at most ``enough``."""
    xp = namespace(state.x)
    end = xp.minimum(state.count + limit, iterations)

    def one(now: State) -> State:
        ahead = domain.project(now.x - now.step * _steepest(xp, now, domain))
        if rule == "apgd" and domain.order != 1:
            weight = xp.where(now.count > 0, _MOMENTUM, 1.0)
            ahead = domain.project(now.x + weight * (ahead - now.x) + (1.0 - weight) * (now.x - now.before))
        there = slope(ahead, facts)
        gradient = xp.where(xp.isfinite(there.gradient), there.gradient, 0.0)
        better = there.margin < now.least
        column = better[:, None]
        moved = now._replace(
            x=ahead,
            before=now.x,
            loss=there.loss,
            gradient=gradient,
            best=xp.where(column, ahead, now.best),
            least=xp.where(better, there.margin, now.least),
            best_gradient=xp.where(column, gradient, now.best_gradient),
            falls=now.falls + (there.loss < now.loss),
            count=now.count + 1.0,
            since=now.since + 1.0,
        )
        return moved if rule == "pgd" else _checked(xp, moved, domain, iterations)

    def done(now: State) -> Any:
        return (now.count >= end) | xp.all(now.least <= enough)

    found: State = until(xp, done, one, state)
    return found


def _checked(xp: Any, now: State, domain: BallBox, iterations: Any) -> State:
    """The state after a look at whether this is a checkpoint, and what it says."""
    due = now.since >= now.window
    stuck = (now.least >= now.least_then) & ~now.halved
    halve = due & ((now.falls < _ENOUGH * now.window) | stuck)
    column = halve[:, None]
    step, moved = xp.where(column, 0.5 * now.step, now.step), now.moved
    if domain.order == 1:
        used = xp.sum(xp.abs(now.best - domain.centre) > 0, axis=1, keepdims=True)
        sparser = due & (used < 0.95 * now.moved * _SPARSER)
        moved = xp.where(due, xp.maximum(xp.ceil(used / _SPARSER), 1.0), now.moved)
        step = xp.where(sparser, domain.radius, step)
    return now._replace(
        x=xp.where(column, now.best, now.x),
        before=xp.where(column, now.best, now.before),
        gradient=xp.where(column, now.best_gradient, now.gradient),
        step=step,
        moved=moved,
        falls=xp.where(due, 0.0, now.falls),
        least_then=xp.where(due, now.least, now.least_then),
        halved=xp.where(due, halve, now.halved),
        since=xp.where(due, 0.0, now.since),
        window=xp.where(
            due,
            xp.maximum(now.window - xp.floor(_SHORTER * iterations), xp.maximum(xp.floor(_SHORTEST * iterations), 1.0)),
            now.window,
        ),
    )


def _steepest(xp: Any, now: State, domain: BallBox) -> Any:
    """(B, d) the direction of norm 1 along which the loss rises most; in l1 over so many coordinates as are to move."""
    gradient = now.gradient
    if domain.order == 2:
        return gradient / xp.maximum(xp.sqrt(xp.sum(gradient * gradient, axis=1, keepdims=True)), 1e-300)
    if domain.order != 1:
        return xp.sign(gradient)
    blocked = xp.where(gradient > 0, now.x <= domain.lower, now.x >= domain.upper)
    size = xp.where(blocked, 0.0, xp.abs(gradient))
    place = xp.astype(size.shape[1] - now.moved, int)
    least = xp.take_along_axis(xp.sort(size, axis=1), place, axis=1)
    chosen = (size >= least) & (size > 0)
    return xp.where(chosen, xp.sign(gradient), 0.0) / xp.maximum(xp.sum(chosen, axis=1, keepdims=True), 1)
