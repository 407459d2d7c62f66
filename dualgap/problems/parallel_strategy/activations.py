"""Bytes that a layer's operators keep for the backward pass, as Korthikanti et al. (2022), section 4, count them:
without flash attention, with dropout and nothing recomputed s b h (10 + 24 / t + 5 a s / (h t)) in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.problems.parallel_strategy.grid import Point

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy


def tokens(problem: ParallelStrategy, point: Point) -> float:
    """Of a microbatch, on a device that shares its sequences with others."""
    return point.microbatch * problem.sequence / point.context


def stored(problem: ParallelStrategy, point: Point, name: str) -> tuple[float, float]:
    """Bytes for the backward pass: what recomputing saves, and what stays."""
    model, n, t = problem.model, tokens(problem, point), point.tensor
    width, mask = 2.0 * n * model.hidden, _mask(problem, point)
    match name:
        case "input":
            return width, width + mask
        case "qkv":
            return 2.0 * n * (model.query_width + 2 * max(model.key_width, model.head_dim * t)) / t, 0.0
        case "attention":
            each = 4.0 if model.flash else (5.0 if model.dropout else 2.0) * problem.sequence
            return _attended(problem, point) + n * model.heads * each / t, 0.0
        case "project":
            return 2 * width + mask, 0.0
        case "up":
            return 2.0 * n * (model.up_width + model.ffn) / t, 0.0
        case _:
            return 0.0, 0.0


def beside(problem: ParallelStrategy, point: Point, again: str, layout: str) -> float:
    """Bytes that Megatron keeps beside the operators': attention's output, which the projection takes, though scores
    are recomputed; without the last product's mask where that is run again.
    """
    if again == "selective":
        return _attended(problem, point)
    split = point.tensor if layout == "split" else 1
    return -_mask(problem, point) / split if again == "full" else 0.0


def _mask(problem: ParallelStrategy, point: Point) -> float:
    """Bytes of a dropped residual's mask."""
    return tokens(problem, point) * problem.model.hidden if problem.model.dropout else 0.0


def _attended(problem: ParallelStrategy, point: Point) -> float:
    """Bytes of attention's output."""
    return 2.0 * tokens(problem, point) * problem.model.query_width / point.tensor
