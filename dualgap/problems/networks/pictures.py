"""Perturbations for reports: images beside their differences, and how large the changes are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt

import numpy as np

from dualgap.core.figures import Figure, Histogram, Picture, Pictures
from dualgap.problems.networks.network import Convolution, Network

Shape = tuple[int, int, int]
"""(channels, height, width)."""

_BINS = 41
_SHOWN = 9


def image_shape(network: Network, given: Sequence[int] = ()) -> Shape | None:
    """How a network's inputs are images: as given, as the first convolution takes them, or as they may be guessed."""
    first = network.layers[0]
    if not given and isinstance(first, Convolution):
        return first.shape if first.shape[0] in (1, 3) else None
    return guessed_shape(given or (network.inputs,))


def guessed_shape(shape: Sequence[int]) -> Shape | None:
    """Images of inputs of a shape: (height, width), channels first or last (then None: entries are in another order),
    or a square of 1 or 3 channels; else None.
    """
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) == 3:
        single = 1 in (shape[0], shape[2])
        image = shape[1:] if shape[0] == 1 else shape[:2]
        return (1, image[0], image[1]) if single else (3, shape[1], shape[2]) if shape[0] == 3 else None
    for channels in (1, 3) if len(shape) == 1 else ():
        side = isqrt(shape[0] // channels)
        if side > 1 and channels * side * side == shape[0]:
            return channels, side, side
    return None


def picture(title: str, values: np.ndarray, shape: Shape, span: tuple[float, float], signed: bool = False) -> Picture:
    """An input, or a difference, as an image."""
    channels, height, width = shape
    image = np.asarray(values, dtype=np.float64).reshape(shape)
    pixels = image[0] if channels == 1 else np.moveaxis(image[:3], 0, 2)
    return Picture(title, pixels.reshape(height, width, *pixels.shape[2:]), *span, signed)


def beside(
    names: Sequence[str], clean: np.ndarray, changed: np.ndarray, shape: Shape, titles: Sequence[Sequence[str]]
) -> Pictures:
    """Clean inputs, perturbed ones and what was added, row by row; one scale for all of a sort.

    Args:
        names: of the rows.
        clean, changed: (m, d).
        shape: of the images.
        titles: (clean, perturbed) of every row.
    """
    shift = changed - clean
    span = float(min(clean.min(), changed.min())), float(max(clean.max(), changed.max()))
    most = float(np.abs(shift).max())
    rows = tuple(
        (
            name,
            (
                picture(before, one, shape, span),
                picture(after, other, shape, span),
                picture("added", move, shape, (-most, most), signed=True),
            ),
        )
        for name, one, other, move, (before, after) in zip(names, clean, changed, shift, titles, strict=True)
    )
    return Pictures("Red raises an input, blue lowers it; the strongest colour is the largest change shown.", rows)


def spread(shift: np.ndarray, norm: str) -> Histogram:
    """The sizes of a perturbation's entries that aren't 0, over all its rows.

    In the l1 norm few entries move, in l2 most a little, in linf nearly all by the whole radius.
    """
    entries = np.asarray(shift, dtype=np.float64).ravel()
    moved = entries[np.abs(entries) > 1e-12]
    most = float(np.abs(moved).max(initial=0.0)) or 1.0
    counts, edges = np.histogram(moved, bins=_BINS, range=(-most, most))
    still = 1.0 - len(moved) / max(len(entries), 1)
    caption = f"{len(moved):,} of {len(entries):,} entries are changed; {100 * still:.3g} % stay as they are."
    return Histogram(caption, f"changes in the l{norm} ball", edges, counts)


def worst_inputs(
    classes: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
    inputs: np.ndarray,
    points: np.ndarray,
    margins: np.ndarray,
    norm: str,
    shape: Shape | None,
) -> tuple[Figure, ...]:
    """Figures of perturbed inputs: those with the least margins as pictures, where they are images; all changes' sizes.

    Args:
        classes: what (m, d) inputs are taken for.
        names: of the inputs.
        inputs, points: (n, d) clean and perturbed.
        margins: (n,) of the perturbed ones.
        norm: of the perturbations.
        shape: of the images, if they are.
    """
    sizes = spread(points - inputs, norm)
    if shape is None:
        return (sizes,)
    chosen = np.argsort(margins, kind="stable")[:_SHOWN]
    clean, changed = inputs[chosen].astype(np.float64), points[chosen].astype(np.float64)
    both = zip(classes(clean).tolist(), classes(changed).tolist(), strict=True)
    titles = [(f"class {before}", f"class {after}") for before, after in both]
    labels = [f"input {names[k]}, margin {margins[k]:.3g}" for k in chosen.tolist()]
    return beside(labels, clean, changed, shape, titles), sizes
