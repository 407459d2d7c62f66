"""Errors that people see: each says what is wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DualgapError(Exception):
    """Base of the errors that dualgap raises on purpose; ``exit_code`` is the command line's."""

    exit_code = 1


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a spec: the JSON path, what is wrong there, and the remedy."""

    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.path}: {self.message}{remedy}"


class SpecError(DualgapError):
    """A spec (or an answer file) that can't be read as one; lists every fault with its path."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault], source: str = "spec") -> None:
        self.faults = tuple(faults)
        self.source = source
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"{source} can't be used:\n{lines}")


class UsageError(DualgapError):
    """A call or an option that makes no sense; the message names the remedy."""

    exit_code = 2


class NoRouteError(DualgapError):
    """No way from the problem to the solver, or the solver refuses this instance."""

    exit_code = 3


class BackendMissingError(NoRouteError):
    """A solver's package isn't installed."""


class InvalidWitnessError(DualgapError):
    """A witness that doesn't prove what it was handed in for; the verifier records it and goes on."""
