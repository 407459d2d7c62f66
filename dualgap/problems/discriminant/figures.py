"""What a report draws of discriminants: directions, images as they are told by them, and what was chosen from."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.figures import Bars, Figure, Picture, Pictures
from dualgap.core.statement import format_value
from dualgap.problems.discriminant.render import feature_names
from dualgap.problems.discriminant.splits import TEST, TRAIN

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

_FEW = 40  # features that bars are drawn for
_COLOURS = 3  # red, green and blue
_SMALLEST = 4  # pixels a side


def figures(problem: Discriminant, answer: Any) -> Iterator[Figure]:
    """Of the answer's directions, where they are of the spec's features."""
    directions = np.asarray(answer.directions, dtype=np.float64)
    if len(directions) == problem.sample.width:
        side = isqrt(problem.features.shape[1])
        if side >= _SMALLEST and side * side == problem.features.shape[1]:
            yield from _pictures(problem, directions, side)
        elif len(directions) <= _FEW:
            for number, column in enumerate(directions.T, start=1):
                caption = f"Direction {number}: the weights of the features in it."
                yield Bars(caption, f"direction {number}", feature_names(problem), column)
    if problem.tried.size:
        yield _tried(problem)


def _pictures(problem: Discriminant, directions: np.ndarray, side: int) -> Iterator[Figure]:
    blocks = len(directions) // side**2
    rows = []
    for number, column in enumerate(directions.T, start=1):
        most, images = float(np.abs(column).max()), column.reshape(blocks, side, side)
        titles = [f"of number {k}" for k in range(1, blocks + 1)] if blocks > 1 else ["weights"]
        pictures = tuple(Picture(title, image, -most, most, signed=True) for title, image in zip(titles, images))
        rows.append((f"direction {number}", pictures))
    caption = "The weights of each direction; of products, an image for each of the spurious variable's numbers."
    yield Pictures(caption, tuple(rows))
    frame = problem.normalised(directions)
    if frame is not None and blocks in (1, _COLOURS):
        yield _told(problem, frame, (blocks, side, side))


def _told(problem: Discriminant, frame: np.ndarray, shape: tuple[int, int, int]) -> Pictures:
    """The first test image of each class, and what its place along the directions says of it.

    A place z stands for ``m + C W (z - W'm)``, m the mean of the centroids: the offset of least length in the metric
    C^-1 that has it.
    """
    split = TEST if problem.rows[TEST].any() else TRAIN
    chosen = [np.flatnonzero(problem.rows[split] & (problem.codes == k))[:1] for k in range(len(problem.classes_named))]
    first = np.concatenate(chosen)
    features, settings = problem.features[first].astype(np.float64), problem.settings[first]
    seen = (settings[:, :, None] * features[:, None, :]).reshape(len(first), -1) if problem.product else features
    mean = problem.scatters.centroids.mean(axis=0)
    back = mean + (problem.along(frame)[first] - mean @ frame) @ (problem.metric @ frame).T
    low, high = float(seen.min()), float(seen.max())

    def pixels(rows: np.ndarray) -> list[np.ndarray]:
        images = [row.reshape(shape) for row in rows]
        return [np.moveaxis(image, 0, 2) if shape[0] == _COLOURS else image[0] for image in images]

    rows = tuple(
        (
            problem.classes_named[problem.codes[i]],
            (Picture("as it is", given, low, high), Picture("as it is told", told, low, high)),
        )
        for i, given, told in zip(first.tolist(), pixels(seen), pixels(back))
    )
    return Pictures(f"The first {split} image of each class, and what the directions tell of it.", rows)


def _tried(problem: Discriminant) -> Bars:
    names = tuple(
        f"gamma {format_value(gamma)}, ridge {format_value(ridge)}, k {int(count)}"
        for gamma, ridge, count, _ in problem.tried.astype(np.float64).tolist()
    )
    caption = "Validation accuracy of what gamma, ridge and k were chosen from; the first of the best was taken."
    return Bars(caption, "accuracy", names, problem.tried[:, 3].astype(np.float64))
