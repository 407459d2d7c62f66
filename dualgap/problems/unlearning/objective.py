"""The retain objective ``J(w) = mean loss + l2/2 |w|^2``, its derivatives, and its minimiser by Newton's method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dualgap.problems.unlearning.models import Model, chances

DENSE = 1_500
"""Parameters up to which a Hessian is written out and factored; beyond, Newton's equations are solved by conjugate
gradients."""

_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo)
_SHORTEST = 1e-10
_UNIT = 2.0**-53


@dataclass(frozen=True, eq=False)
class Objective:
    """A weighted mean cross entropy with a ridge over all parameters, intercepts too: so it is strongly convex where
    the model is linear.

    Attributes:
        x: (n, D). labels: (n,) classes. l2: positive.
        weights: (n,) of the mean, which sum to 1.
        tilt: (size,) a linear term besides; empty for none.
    """

    model: Model
    x: np.ndarray
    labels: np.ndarray
    l2: float
    weights: np.ndarray
    tilt: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def of(model: Model, x: np.ndarray, labels: np.ndarray, l2: float, noise: np.ndarray | None = None) -> Objective:
        """The plain mean; ``noise`` is b of a term b'w / n."""
        count = max(1, len(x))
        tilt = np.zeros(0) if noise is None else noise / count
        return Objective(model, x, labels, l2, np.full(len(x), 1.0 / count), tilt)

    def value(self, w: np.ndarray) -> float:
        fit = self.weights @ self.model.losses(w, self.x, self.labels)
        extra = self.tilt @ w if self.tilt.size else 0.0
        return float(fit + 0.5 * self.l2 * (w @ w) + extra)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        slope = self.model.slope(w, self.x, self.model.targets(self.labels), self.weights) + self.l2 * w
        return slope + self.tilt if self.tilt.size else slope

    def rounding(self, w: np.ndarray) -> tuple[float, float]:
        """What rounding does to the value and to the gradient's norm, at most: errors of sums of n terms in float64."""
        count = len(self.x) + self.model.inputs + self.model.classes
        losses = self.model.losses(w, self.x, self.labels)
        scores = np.abs(self.x) @ np.abs(self.model.unpacked(w)[0][0]) if len(self.x) else np.zeros((1, 1))
        size = 1.0 + float(self.weights @ losses) + float(scores.max(initial=0.0)) + self.l2 * float(w @ w)
        steep = float(np.sqrt((self.weights @ np.abs(self.x)) @ (self.weights @ np.abs(self.x)) + 1.0))
        steep = steep * (1.0 + float(scores.max(initial=0.0))) + self.l2 * float(np.linalg.norm(w))
        return 4 * count * _UNIT * size, 4 * count * _UNIT * steep * np.sqrt(self.model.outputs)

    def hessian(self, w: np.ndarray) -> np.ndarray:
        """(size, size) of a linear model."""
        x = np.hstack([self.x, np.ones((len(self.x), 1))])
        chance = chances(self.model.logits(w, self.x))
        c, k = self.model.outputs, x.shape[1]
        found = np.empty((k, c, k, c))
        for a in range(c):
            for b in range(a, c):
                spread = chance[:, a] * ((a == b) - chance[:, b])
                block = (x.T * (self.weights * spread)) @ x
                found[:, a, :, b] = block
                found[:, b, :, a] = block.T
        square = found.reshape(k * c, k * c)
        square[np.diag_indices(k * c)] += self.l2
        return square

    def curvature(self, w: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """The product with the Hessian of a linear model at w."""
        chance = chances(self.model.logits(w, self.x))
        weights, x = self.weights[:, None], self.x

        def product(direction: np.ndarray) -> np.ndarray:
            ((into, shift),) = self.model.unpacked(direction)
            move = x @ into + shift
            change = chance * (move - (0.0 if chance.shape[1] > 1 else chance * move))
            if chance.shape[1] > 1:
                change -= chance * (chance * move).sum(axis=1, keepdims=True)
            change = change * weights
            return np.concatenate([(x.T @ change).ravel(), change.sum(axis=0)]) + self.l2 * direction

        return product

    def newton_step(self, w: np.ndarray, gradient: np.ndarray, accuracy: float = 1e-10) -> np.ndarray:
        """Minus the inverse Hessian at w times the gradient: by Cholesky's factors, or by conjugate gradients."""
        if self.model.size <= DENSE:
            from scipy.linalg import cho_factor, cho_solve

            return np.asarray(-cho_solve(cho_factor(self.hessian(w)), gradient))
        return -conjugate_gradients(self.curvature(w), gradient, accuracy)

    def minimiser(self, start: np.ndarray, tolerance: float = 1e-10, steps: int = 100) -> np.ndarray:
        """Newton's method with halved steps, until the gradient's norm is the tolerance or nothing gets better."""
        w, value = start, self.value(start)
        for _ in range(steps):
            gradient = self.gradient(w)
            size = float(np.linalg.norm(gradient))
            if size <= tolerance:
                break
            step = self.newton_step(w, gradient, min(0.1, size) * 1e-3)
            promised, length = float(gradient @ step), 1.0
            reached = self.value(w + step)
            # Near the minimum rounding hides what a step gains: there the gradient tells.
            flat = reached > value + _SUFFICIENT * promised and np.linalg.norm(self.gradient(w + step)) <= size / 2
            while not flat and reached > value + _SUFFICIENT * length * promised and length > _SHORTEST:
                length *= 0.5
                reached = self.value(w + length * step)
            nearer = w + length * step
            if reached >= value and float(np.linalg.norm(self.gradient(nearer))) >= size:
                break
            w, value = nearer, reached
        return w


def conjugate_gradients(product: Callable[[np.ndarray], np.ndarray], right: np.ndarray, accuracy: float) -> np.ndarray:
    """The solution of a positive definite system (Hestenes and Stiefel, 1952), to a relative residual."""
    from scipy.sparse.linalg import LinearOperator, cg

    operator = LinearOperator((len(right), len(right)), matvec=product, dtype=np.float64)
    return np.asarray(cg(operator, right, rtol=accuracy, atol=0.0, maxiter=10 * len(right))[0])
