"""Scatter matrices of the training examples: between classes, by the spurious variable within them, and what is left.

Of n examples x in R^d, each of weight 1/n:

- ``observed``: S_be of the class means; S_bc of the values that a least-squares fit on the spurious variable gives
  within each class (for categories the means of cells, class by category); S_w of the residuals. They add up to the
  total scatter, and S_w + S_bc is Fisher's within-class scatter.
- ``projection``: the same of features without the range of S_bc, where nothing of S_bc is left: the limit of a price on
  it without end.
- ``interventional``: the spurious variable is set, apart from the class. Each example is its mean over the values set;
  S_bc is the mean scatter of an example over them, and S_be and S_w are of the means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.discriminant.sample import Sample

_DEPENDENT = 1e-10  # relative to the largest singular value


@dataclass(frozen=True, eq=False)
class Scatters:
    """Of c classes and d features.

    Attributes:
        root: (c, d) S_be = root' root.
        within: (d, d) S_w.
        spurious: (d, d) S_bc.
        centroids: (c, d) the class means that belong to them.
    """

    root: np.ndarray
    within: np.ndarray
    spurious: np.ndarray
    centroids: np.ndarray

    @property
    def between(self) -> np.ndarray:
        """(d, d) S_be."""
        product: np.ndarray = self.root.T @ self.root
        return product

    @property
    def variance(self) -> float:
        """The mean variance of a feature, all in all: the unit of the ridge."""
        total = float(np.sum(self.root**2) + np.trace(self.within) + np.trace(self.spurious))
        return total / len(self.within)

    def metric(self, gamma: float, ridge: float) -> np.ndarray:
        """(d, d) S_w + gamma S_bc + ridge I, the ridge in units of ``variance``."""
        matrix: np.ndarray = self.within + gamma * self.spurious
        matrix[np.diag_indices_from(matrix)] += ridge * self.variance
        return matrix


def observed(sample: Sample) -> Scatters:
    """Of the examples as they are."""
    parts, _ = _observed(sample)
    return parts


def projected(sample: Sample) -> Scatters:
    """Of the examples without the directions in which the spurious variable moves a class."""
    parts, moved = _observed(sample)
    _, sizes, axes = np.linalg.svd(moved, full_matrices=False)
    lost = axes[sizes > _DEPENDENT * max(float(sizes.max(initial=0.0)), 1e-300)].T
    cross = parts.within @ lost
    within = parts.within - lost @ cross.T - cross @ lost.T + lost @ (lost.T @ cross) @ lost.T
    return Scatters(_without(parts.root, lost), within, np.zeros_like(within), _without(parts.centroids, lost))


def _without(rows: np.ndarray, lost: np.ndarray) -> np.ndarray:
    return np.asarray(rows - (rows @ lost) @ lost.T)


def _observed(sample: Sample) -> tuple[Scatters, np.ndarray]:
    """The scatters, and (r, d) whose product with itself is S_bc."""
    width, moved = sample.width, [np.zeros((0, sample.width))]
    within, centroids = np.zeros((width, width)), np.zeros((sample.count, width))
    for k in range(sample.count):
        examples, settings = sample.of_class(k)
        centroids[k] = examples.mean(axis=0)
        examples = examples - centroids[k]
        basis = _basis(settings - settings.mean(axis=0))
        fitted = basis.T @ examples
        examples -= basis @ fitted
        within += examples.T @ examples
        moved.append(fitted)
    rows = np.vstack(moved) / np.sqrt(len(sample))
    return Scatters(_root(sample, centroids), within / len(sample), rows.T @ rows, centroids), rows


def interventional(sample: Sample) -> Scatters:
    """Of the examples under the counterfactual values; in closed form where features are products.

    Of features ``colour x grey`` with colours drawn apart from the class, with mean m and covariance K (those of all
    training examples): S_bc = K x E[gg'], S_be and S_w are mm' x those of the grey values (Kronecker products).
    """
    mean, spread = sample.intervened()
    centroids = np.stack([mean[sample.codes == k].mean(axis=0) for k in range(sample.count)])
    left = mean - centroids[sample.codes]
    root, within = _root(sample, centroids), left.T @ left / len(sample)
    if not sample.product:
        return Scatters(root, within, spread, centroids)
    colour = sample.settings.mean(axis=0)
    covariance = np.cov(sample.settings.T, bias=True).reshape(len(colour), len(colour))
    return Scatters(
        np.kron(colour, root),
        np.kron(np.outer(colour, colour), within),
        np.kron(covariance, spread),
        np.kron(colour, centroids),
    )


def _root(sample: Sample, centroids: np.ndarray) -> np.ndarray:
    shares = np.bincount(sample.codes, minlength=sample.count) / len(sample)
    return np.asarray((centroids - shares @ centroids) * np.sqrt(shares)[:, None])


def _basis(columns: np.ndarray) -> np.ndarray:
    """(n, r) an orthonormal basis of the span of the columns."""
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > _DEPENDENT * max(float(sizes.max(initial=0.0)), 1e-300)])
