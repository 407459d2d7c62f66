"""Coloured digits: grey images times a colour that goes with the digit in training, and with nothing elsewhere.

In the manner of Kim, Kim, Kim, Kim and Kim (Learning not to learn, CVPR 2019): ten mean colours, one for each digit;
a training image has its digit's, images for validation and tests one at random, all with normal noise on each channel.

``python -m dualgap.problems.discriminant.digits FOLDER`` writes ``digits.npz`` anew, from the 1,797 digits of 8 x 8
pixels that scikit-learn ships (Alpaydin and Kaynak 1998): the same seed gives the same file. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from dualgap.problems.discriminant.splits import SPLITS, TRAIN

PALETTE = (
    (220, 20, 60),
    (0, 128, 128),
    (253, 233, 16),
    (0, 149, 182),
    (237, 145, 33),
    (145, 30, 188),
    (70, 240, 240),
    (250, 197, 187),
    (210, 245, 60),
    (128, 0, 0),
)
"""Red, green and blue of each digit's mean colour, of 255."""

VARIANCE = 0.02
"""Of the noise on each channel; colours go from 0 to 1."""

_SIZES = {"train": 1000, "validation": 297, "test": 500}


def colours(digits: np.ndarray, split: Sequence[str], seed: int, variance: float = VARIANCE) -> np.ndarray:
    """(n, 3) red, green and blue in [0, 1], with three decimals, for (n,) digits from 0 to 9 and their splits."""
    rng = np.random.Generator(np.random.PCG64(seed))
    own, drawn = digits.astype(np.int64), rng.integers(0, len(PALETTE), len(digits))
    means = np.array(PALETTE)[np.where(np.array(split) == TRAIN, own, drawn)] / 255.0
    noise = rng.normal(size=means.shape) * np.sqrt(variance)
    return np.asarray(np.round(np.clip(means + noise, 0.0, 1.0), 3))


def coloured(grey: np.ndarray, digits: np.ndarray, sizes: Mapping[str, int], seed: int) -> dict[str, np.ndarray]:
    """Arrays ``grey``, ``digit``, ``colour`` and ``split`` of images in random order.

    Args:
        grey: (n, p) images.
        digits: (n,) from 0 to 9.
        sizes: how many images for each split.
        seed: of the order and of the colours.
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(digits))[: sum(sizes.values())]
    split = np.repeat(list(sizes), list(sizes.values()))
    chosen = digits[order]
    return {"grey": grey[order], "digit": chosen, "colour": colours(chosen, split.tolist(), seed), "split": split}


@cache
def shipped() -> tuple[np.ndarray, np.ndarray]:
    """((1797, 64) images with entries from 0 to 16, (1797,) digits) of the example."""
    file = resources.files("dualgap.problems.discriminant") / "examples" / "digits.npz"
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        return arrays["grey"], arrays["digit"]


def fields(count: int, seed: int) -> dict[str, object]:
    """The fields of a spec with ``count`` of the shipped digits for training, half as many for validation and tests.

    Raises:
        ValueError: there aren't so many.
    """
    grey, digits = shipped()
    sizes = dict(zip(SPLITS, (count, (count + 1) // 2, (count + 1) // 2)))
    if sum(sizes.values()) > len(digits):
        raise ValueError(f"there are {len(digits):,} digits: a size of {len(digits) // 2 - 1} at most")
    made = coloured(grey, digits, sizes, seed)
    known = np.isin(made["digit"], made["digit"][:count])  # few for training needn't have every digit
    made = {name: array[known] for name, array in made.items()}
    return {
        "features": made["grey"],
        "label": made["digit"].astype(str).tolist(),
        "spurious": made["colour"],
        "product": True,
        "split": made["split"].tolist(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    from sklearn.datasets import load_digits

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    data = load_digits()
    made = coloured(data.data.astype(np.uint8), data.target.astype(np.uint8), _SIZES, given.seed)
    np.savez_compressed(given.folder / "digits.npz", **made)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
