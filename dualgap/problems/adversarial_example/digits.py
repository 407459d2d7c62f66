"""The network of the digits example, trained from scikit-learn's digits: the same seed gives the same weights.

``python -m dualgap.problems.adversarial_example.digits FOLDER`` writes ``digits_network.npz`` (64-32-10) and
``digits.npz`` (a test image of each digit) anew; ``--hidden 256`` trains a wider one. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from dualgap.problems.networks.network import Dense, Network

CLASSES = 10
_TEST = 360
_STEPS, _RATE, _DECAY = 150, 0.01, 1e-4
_BETA1, _BETA2, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class Digits:
    """Images (n, 64) with entries from 0 to 1, and their digits (n,), for training and for tests."""

    images: np.ndarray
    digits: np.ndarray
    test_images: np.ndarray
    test_digits: np.ndarray

    def of_each(self) -> tuple[np.ndarray, np.ndarray]:
        """The first test image of each digit."""
        first = [int((self.test_digits == digit).argmax()) for digit in range(CLASSES)]
        return self.test_images[first], self.test_digits[first]


def load_digits(seed: int = 0) -> Digits:
    """The 1,797 digits of UCI that scikit-learn ships (Alpaydin and Kaynak 1998), a fifth of them for tests."""
    from sklearn.datasets import load_digits as shipped

    data = shipped()
    order = np.random.default_rng(seed).permutation(len(data.target))
    images, digits = data.data[order] / 16.0, data.target[order].astype(np.int64)
    return Digits(images[_TEST:], digits[_TEST:], images[:_TEST], digits[:_TEST])


def train(digits: Digits, hidden: Sequence[int] = (32,), seed: int = 0, steps: int = _STEPS) -> Network:
    """A ReLU network that minimises cross-entropy on all training images at once by Adam (Kingma and Ba 2015).

    Weights begin as in He et al. 2015 and are rounded to float32 in the end.
    """
    rng = np.random.default_rng(seed)
    widths = (digits.images.shape[1], *hidden, CLASSES)
    parts = [rng.normal(size=(b, a)) * np.sqrt(2.0 / a) for a, b in pairwise(widths)]
    parts += [np.zeros(width) for width in widths[1:]]
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    for step in range(1, steps + 1):
        for k, slope in enumerate(_gradient(parts, digits.images, digits.digits)):
            first[k] = _BETA1 * first[k] + (1 - _BETA1) * slope
            second[k] = _BETA2 * second[k] + (1 - _BETA2) * slope**2
            size = np.sqrt(second[k] / (1 - _BETA2**step)) + _TINY
            parts[k] = parts[k] - _RATE * first[k] / (1 - _BETA1**step) / size
    depth = len(widths) - 1
    rounded = [part.astype(np.float32) for part in parts]
    return Network(layers=tuple(Dense(weight=rounded[k], bias=rounded[depth + k]) for k in range(depth)))


def _gradient(parts: list[np.ndarray], x: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Of the mean cross-entropy with weight decay: weights first, then biases."""
    depth = len(parts) // 2
    weights, biases = parts[:depth], parts[depth:]
    layers = [x]
    for weight, bias in zip(weights[:-1], biases):
        layers.append(np.maximum(layers[-1] @ weight.T + bias, 0.0))
    logits = layers[-1] @ weights[-1].T + biases[-1]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    back = shares / shares.sum(axis=1, keepdims=True)
    back[np.arange(len(labels)), labels] -= 1.0
    back /= len(labels)
    by_weight, by_bias = [np.zeros(0)] * depth, [np.zeros(0)] * depth
    for k in reversed(range(depth)):
        by_weight[k] = back.T @ layers[k] + _DECAY * weights[k]
        by_bias[k] = back.sum(axis=0)
        back = (back @ weights[k]) * (layers[k] > 0)
    return by_weight + by_bias


def accuracy(network: Network, images: np.ndarray, digits: np.ndarray) -> float:
    """The share of images that the network takes for what they are."""
    return float((network.forward(images).argmax(axis=1) == digits).mean())


def write(folder: Path, network: Network, digits: Digits) -> None:
    """``digits_network.npz`` and ``digits.npz``, as specs read them."""
    arrays: dict[str, np.ndarray] = {}
    for k, layer in enumerate(network.layers):
        arrays |= {f"{k}.weight": layer.weight.astype(np.float32), f"{k}.bias": layer.bias.astype(np.float32)}
    np.savez_compressed(folder / "digits_network.npz", **arrays)  # type: ignore[arg-type]
    images, labels = digits.of_each()
    np.savez_compressed(folder / "digits.npz", x=images, y=labels)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the network of the digits example.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hidden", type=int, nargs="+", default=[32])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    digits = load_digits(given.seed)
    network = train(digits, given.hidden, given.seed)
    write(given.folder, network, digits)
    print(f"test accuracy {accuracy(network, digits.test_images, digits.test_digits):.3f}")


if __name__ == "__main__":
    main()
