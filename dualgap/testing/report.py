"""What the conformance suite found: rows of checks, and the card that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


class Skipped(Exception):
    """Raised by a check that has nothing to look at; the message says why."""


@dataclass(frozen=True)
class Row:
    """One check of one thing: ``passed`` is None where it was skipped; ``detail`` gives the reason."""

    subject: str
    check: str
    passed: bool | None
    detail: str = ""

    @property
    def mark(self) -> str:
        return {True: "pass", False: "FAIL", None: "skip"}[self.passed]


@dataclass(frozen=True)
class Report:
    """The rows of everything that was checked; ``offers`` says what was found there."""

    title: str
    rows: tuple[Row, ...]
    offers: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing failed, and something was checked."""
        return bool(self.rows) and all(row.passed is not False for row in self.rows)

    @property
    def failures(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.passed is False)

    def render(self) -> str:
        """The card: what is offered, every check with its reason, and the sum."""
        lines = [self.title, *(f"  offers {offer}" for offer in self.offers)]
        subject = ""
        for row in self.rows:
            if row.subject != subject:
                subject = row.subject
                lines += ["", subject]
            lines.append(f"  {row.mark}  {row.check}" + (f": {row.detail}" if row.detail else ""))
        passed = sum(row.passed is True for row in self.rows)
        skipped = sum(row.passed is None for row in self.rows)
        return "\n".join([*lines, "", f"{passed} passed, {len(self.failures)} failed, {skipped} skipped"])

    def require(self) -> Report:
        """This report, if nothing failed.

        Raises:
            AssertionError: lists the failed checks.
        """
        if not self.ok:
            listed = "\n".join(f"  {row.subject}, {row.check}: {row.detail}" for row in self.failures)
            raise AssertionError(f"{self.title}:\n{listed or '  nothing was checked'}")
        return self


def run_checks(subject: str, checks: Iterable[tuple[str, Callable[[], str | None]]]) -> tuple[Row, ...]:
    """A row for each check: a function that raises where it fails, and may return a remark."""
    rows = []
    for name, check in checks:
        try:
            rows.append(Row(subject, name, True, check() or ""))
        except Skipped as reason:
            rows.append(Row(subject, name, None, str(reason)))
        except AssertionError as failure:
            rows.append(Row(subject, name, False, str(failure)))
        except (Exception, SystemExit) as error:  # what is checked may raise anything; that is a finding
            rows.append(Row(subject, name, False, f"raised {type(error).__name__}: {error}"))
    return tuple(rows)


def ensure(condition: bool, message: str) -> None:
    """``assert`` that also holds under ``python -O``.

    Raises:
        AssertionError: the condition doesn't hold.
    """
    if not condition:
        raise AssertionError(message)
