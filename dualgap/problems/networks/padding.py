"""Padding in words."""

from __future__ import annotations


def same_padding(
    image: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], *, upper: bool = True
) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) that give ``ceil(size / stride)`` outputs.

    Args:
        image: height and width.
        kernel: the same of the kernel, dilation included.
        stride: down and across.
        upper: whether an odd row or column goes to the bottom or right (ONNX's ``SAME_UPPER``).
    """
    before, after = [], []
    for size, extent, step in zip(image, kernel, stride):
        total = max((-(-size // step) - 1) * step + extent - size, 0)
        less, more = total // 2, total - total // 2
        before.append(less if upper else more)
        after.append(more if upper else less)
    return before[0], before[1], after[0], after[1]
