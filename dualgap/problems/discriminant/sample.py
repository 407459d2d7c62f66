"""The training examples as scatters and classifiers see them, products of colours and grey values included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Sample:
    """n examples of ``count`` classes.

    Attributes:
        features: (n, p).
        codes: (n,) the class of each.
        settings: (n, s) of the spurious variable, as numbers: categories one-hot.
        product: whether an example is the Kronecker product of its settings and its features.
        versions: (m, n, p) the features with the spurious variable set to each of m values; m = 0 where none are given.
        count: of classes.
    """

    features: np.ndarray
    codes: np.ndarray
    settings: np.ndarray
    product: bool
    versions: np.ndarray
    count: int

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def width(self) -> int:
        """d, the length of an example."""
        return int(self.features.shape[1] * (self.settings.shape[1] if self.product else 1))

    def of_class(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """((n_k, d), (n_k, s)): the examples of a class, multiplied out, and their settings."""
        rows = self.codes == k
        features, settings = self.features[rows], self.settings[rows]
        if not self.product:
            return features, settings
        return (settings[:, :, None] * features[:, None, :]).reshape(len(features), -1), settings

    def intervened(self) -> tuple[np.ndarray, np.ndarray]:
        """((n, p), (p, p)): every example's mean over its versions, and their mean scatter around it.

        Of products the grey values themselves and their second moments, which belong to the Kronecker products.
        """
        if self.product:
            return self.features, self.features.T @ self.features / len(self)
        mean = self.versions.mean(axis=0)
        spread = np.zeros((mean.shape[1], mean.shape[1]))
        for version in self.versions:
            off = version - mean
            spread += off.T @ off
        return mean, spread / (len(self.versions) * len(self))


def projections(features: np.ndarray, settings: np.ndarray, product: bool, directions: np.ndarray) -> np.ndarray:
    """(n, c) examples along (d, c) directions; products aren't multiplied out."""
    if not product:
        return np.asarray(features @ directions)
    blocks = directions.reshape(settings.shape[1], features.shape[1], -1)
    return np.asarray(sum(settings[:, [j]] * (features @ block) for j, block in enumerate(blocks)))
