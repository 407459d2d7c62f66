"""The evidence for bounds on a ``log-sum-exp-ball``."""

from __future__ import annotations

from typing import ClassVar

from dualgap.core.arrays import Vector
from dualgap.core.witness import Witness


class RowPrices(Witness):
    """Weights p >= 0 of the rows and prices y of their sides with ``A'(p - y) = 0``.

    ``y_i > 0`` prices ``-radius <= a_i'x + b_i``, ``y_i < 0`` prices ``a_i'x + b_i <= radius``. The weights are a
    distribution for the log-sum-exp; for the linear objective they are 1 each, whatever is given.
    """

    type: ClassVar[str] = "row-prices"
    weights: Vector
    prices: Vector
