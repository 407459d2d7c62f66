"""The time that a verifier gives."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dualgap.core.errors import InvalidWitnessError


@dataclass(frozen=True)
class Clock:
    """The seconds that a replay may take, and when they are over."""

    seconds: float = float("inf")
    deadline: float = float("inf")

    @classmethod
    def started(cls, seconds: float) -> Clock:
        return cls(seconds, time.monotonic() + seconds)

    def check(self) -> None:
        """Raises:
        InvalidWitnessError: time is up.
        """
        if time.monotonic() > self.deadline:
            raise InvalidWitnessError(f"bounding the network's outputs took longer than {self.seconds:g} s")


UNLIMITED = Clock()
