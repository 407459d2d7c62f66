"""Batches: many instances of one shape as arrays, what a solver claims of them, and their certificates as columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from dualgap.core.problem import Problem


@dataclass(frozen=True)
class BatchClaim:
    """What a solver says of B instances; nothing here is believed.

    Attributes:
        points: (B, n) an answer of each instance, as its numbers.
        multipliers: (B, m) on the rows, witnesses of the bounds, in the problem's sign.
        compile_seconds: of process time, for compiling alone.
    """

    points: np.ndarray
    multipliers: np.ndarray
    compile_seconds: float = 0.0


@dataclass(frozen=True)
class Certificates:
    """The certificates of B instances, one column each; an instance's entries are those of its ``Certificate``.

    Attributes:
        values, bounds: (B,) int64, or Python integers where int64 could overflow; None where there is none.
        gaps, relative_gaps: (B,) likewise, and float64 (NaN where there is none).
        verdicts, evidence: (B,) strings.
    """

    values: np.ndarray
    bounds: np.ndarray
    gaps: np.ndarray
    relative_gaps: np.ndarray
    verdicts: np.ndarray
    evidence: np.ndarray


class Batch(ABC):
    """Many instances of one problem class and one shape. Problem classes make them (``Problem.batch``)."""

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of instances."""

    @property
    @abstractmethod
    def instance_bytes(self) -> int:
        """What the arrays of one instance take."""

    @abstractmethod
    def part(self, first: int, last: int) -> Batch:
        """The instances from ``first`` up to ``last``, exclusive."""

    @abstractmethod
    def problem(self, index: int) -> Problem:
        """One instance as a problem of its own."""

    @abstractmethod
    def verify(self, claim: BatchClaim, gap: float = 0.0) -> Certificates:
        """Grades every answer and witness as ``dualgap.core.verify`` would one by one."""
