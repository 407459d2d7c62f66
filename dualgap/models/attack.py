"""``dualgap.Attack``: a JAX function as a problem for the solver ``attack``. It runs in the calling process."""

from __future__ import annotations

import numpy as np

from dualgap.problems.attack import FunctionAttack
from dualgap.solvers.jax_scope import x64


class Attack(FunctionAttack):
    """The worst perturbations of the inputs of a classifier that is a JAX function.

    ``dualgap.solve(dualgap.Attack(function, inputs, labels, radius=0.1, clip=(0, 1)))``; the fields are those of
    ``dualgap.problems.attack.FunctionAttack``. The function is evaluated in 64 bits, as far as its own parameters are.
    """

    def logits(self, points: np.ndarray) -> np.ndarray:
        with x64():
            return super().logits(points)
