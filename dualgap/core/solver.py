"""The contract of solvers: ``Solver``, its ``Budget`` and the ``Context`` that a run hands it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, get_type_hints

from dualgap.core.claim import Claim
from dualgap.core.errors import UsageError
from dualgap.core.exact import Real
from dualgap.core.witness import Witness

if TYPE_CHECKING:
    from dualgap.core.batch import BatchClaim

Options = Mapping[str, str | int | float | bool]


class Trait(StrEnum):
    """What a solver can do; the conformance suite holds it to them."""

    EXACT = "exact"
    BOUNDS = "bounds"
    RANDOMISED = "randomised"
    ANYTIME = "anytime"
    WARM = "warm"
    BATCHED = "batched"
    COMPOSITE = "composite"
    """Runs other solvers; taken only where somebody names it, or a plugin chooses it."""


@dataclass(frozen=True)
class Budget:
    """Limits of one run: seconds of wall time, bytes, threads, and the relative gap at which to stop."""

    seconds: float = 60.0
    memory: int | None = None
    threads: int = 1
    gap: float = 0.0


class Context(Protocol):
    """What a solver may use while it runs."""

    @property
    def budget(self) -> Budget: ...
    @property
    def seed(self) -> int: ...
    @property
    def start(self) -> Any:
        """A point of the form to start from, feasible or not, or None; ``Claim.start`` says what became of it."""

    @property
    def start_witness(self) -> Witness | None:
        """A witness on the form that came with the start (multipliers of an earlier run), or None."""

    @property
    def verbose(self) -> bool:
        """Whether the backend should print its own log (its stdout goes where ``--log`` says)."""

    def report(
        self,
        point: Any = None,
        bound: Real | None = None,
        witness: Witness | None = None,
        iterations: int | None = None,
    ) -> None:
        """Streams a point, a bound, or both, and how many iterations it took; cheap to call often.

        A point is repaired where the view can, re-evaluated, and kept if it is feasible and the best so far: one that
        isn't feasible for the form does no harm.
        """

    def news(self) -> Any:
        """A point that somebody else has found meanwhile (a portfolio's other members), once; mostly None."""

    def should_stop(self) -> bool:
        """Whether time is up or somebody asked to stop: return the best so far, soon."""

    def time_left(self) -> float:
        """Seconds of the budget that are left."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Books the time inside under ``name`` (``"compile"``) instead of ``"solve"``."""

    def subsolve(
        self,
        form: Any,
        solver: Solver | str,
        *,
        start: Any = None,
        seconds: float | None = None,
        report: Callable[..., None] | None = None,
    ) -> Claim:
        """Runs another solver on a form, inside this run's budget and perhaps less, from a point of that form.

        ``report`` is called as ``Context.report`` would be, with what the other one streams.

        Raises:
            NoRouteError: it refuses the form, or isn't installed. UsageError: there is no such solver.
        """


@dataclass(frozen=True)
class Solver:
    """Base of solvers: a frozen dataclass whose fields are its parameters.

    Class variables: ``name`` (``engine@interface`` where an engine has several), ``summary`` (one line), ``accepts``
    (forms or problem classes), ``requires`` (modules imported inside ``solve``), ``traits``. A solver that accepts
    a problem class gets the problem itself, returns an ``Answer`` as its point, and states value and bound in the
    problem's own sense. ``batches`` are the problem classes that ``solve_batch`` takes many instances of.
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    api: ClassVar[int] = 1
    accepts: ClassVar[tuple[type, ...]] = ()
    requires: ClassVar[tuple[str, ...]] = ()
    traits: ClassVar[frozenset[Trait]] = frozenset()
    batches: ClassVar[tuple[type, ...]] = ()

    def refuses(self, form: Any) -> str | None:
        """Why this form can't be taken (a reason with the remedy), or None."""
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        """Solves the form within the budget; never raises for a limit."""
        raise NotImplementedError(f"{type(self).__name__} must define solve(form, ctx)")

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        """Solves a ``Batch`` of a problem class in ``batches`` as one array program; for solvers with ``BATCHED``.

        Called for a chunk at a time, all of one shape but for the last: compiled programs should be kept.
        """
        raise NotImplementedError(f"{type(self).__name__} declares the trait batched and must define solve_batch")

    def parameters(self) -> dict[str, Any]:
        """The parameters, as recorded in runs."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def configure(solver: type[Solver], parameters: Mapping[str, Any]) -> Solver:
    """An instance with the given parameters; strings are converted to the types of the fields.

    Raises:
        UsageError: an unknown parameter or a value of the wrong type; names what there is.
    """
    fields = {field.name for field in dataclasses.fields(solver)}
    kinds = _kinds(cast(Any, solver))  # a class is hashable, whatever mypy makes of its instances' __hash__
    values: dict[str, Any] = {}
    for name, value in parameters.items():
        key = name.replace("-", "_")
        if key in fields:
            values[key] = _converted(solver.name, name, value, kinds[key])
        elif "options" in fields:
            values["options"] = {**values.get("options", {}), name: _scalar(value)}
        else:
            known = ", ".join(sorted(fields)) or "none"
            raise UsageError(f"solver {solver.name} has no parameter {name!r}; it has: {known}")
    try:
        return solver(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"solver {solver.name}: {error}") from error


@cache
def _kinds(solver: type[Solver]) -> dict[str, Any]:
    """The types of a solver's fields: reading them takes most of the time that configuring it does."""
    return get_type_hints(solver)


def _scalar(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value.lower(), value)


def _converted(solver: str, name: str, value: Any, kind: Any) -> Any:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise UsageError(f"solver {solver}, parameter {name}: {reason} (got {value!r})") from error


@dataclass(frozen=True)
class Choice:
    """A solver to take where nobody names one.

    Attributes:
        solver: its name.
        reason: shown to people.
        parameters: by name.
        seconds: how long to try it at most, while others come after it.
    """

    solver: str
    reason: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = float("inf")
