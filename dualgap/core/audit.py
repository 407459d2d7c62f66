"""Audits: executed checks of an answer that need heavy machinery. They stand beside a certificate, never in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dualgap.core.exact import Real


@dataclass(frozen=True)
class Audit:
    """One executed check (a sharded program run on host devices, say).

    Attributes:
        name: what was executed.
        passed: whether it agreed with the answer.
        detail: what it saw, one line.
        measures: numbers that it took, by name.
        seconds: wall time.
    """

    name: str
    passed: bool
    detail: str = ""
    measures: Mapping[str, Real] = field(default_factory=dict)
    seconds: float = 0.0
