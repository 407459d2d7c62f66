"""What an attack lowers: a function of the logits, with its gradient, by row; for NumPy and traced JAX arrays alike.

A row has two sets of classes, and its margin is ``max over the upper ones of the logits - max over the lower ones``:
the label against all others or against a target; all others against the target of a template. At most 0 is success.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from dualgap.core.traced import namespace

Loss = Literal["margin", "log-odds", "dlr"]


class Sides(NamedTuple):
    """(B, k) bool each: the classes that are to lose, and those of which one is to win."""

    upper: Any
    lower: Any


class Lowered(NamedTuple):
    """(B,) the loss and the margin, and (B, k) the loss's gradient in the logits."""

    loss: Any
    margin: Any
    gradient: Any


def lowered(logits: Any, sides: Sides, loss: Loss) -> Lowered:
    """The loss of every row.

    ``log-odds`` is the margin with smooth maxima, whose gradient has the direction of the cross-entropy's; ``dlr`` is
    the margin divided by the distance of the best logit to the third (Croce and Hein 2020).
    """
    xp = namespace(logits)
    high, low = (xp.where(side, logits, -xp.inf) for side in sides)
    up, down = (xp.max(part, axis=-1, keepdims=True) for part in (high, low))
    margin = up - down
    if loss == "log-odds":
        one, other = xp.exp(high - up), xp.exp(low - down)
        sums = (xp.sum(one, axis=-1, keepdims=True), xp.sum(other, axis=-1, keepdims=True))
        odds = margin + xp.log(sums[0]) - xp.log(sums[1])
        return Lowered(odds[..., 0], margin[..., 0], one / sums[0] - other / sums[1])
    slope = _first(xp, high) - _first(xp, low)
    if loss == "margin":
        return Lowered(margin[..., 0], margin[..., 0], slope)
    order = xp.argsort(-logits, axis=-1)
    classes = xp.arange(logits.shape[-1])
    first, third = (classes == order[..., rank : rank + 1] for rank in (0, 2))
    spread = xp.sum(xp.where(first, logits, 0.0) - xp.where(third, logits, 0.0), axis=-1, keepdims=True) + 1e-12
    ratio = margin / spread
    gradient = (slope - ratio * (xp.astype(first, slope.dtype) - xp.astype(third, slope.dtype))) / spread
    return Lowered(ratio[..., 0], margin[..., 0], gradient)


def _first(xp: Any, values: Any) -> Any:
    """1 at the first largest entry of each row, else 0."""
    at = xp.argmax(values, axis=-1, keepdims=True)
    return xp.astype(xp.arange(values.shape[-1]) == at, values.dtype)
