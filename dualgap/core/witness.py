"""Witnesses: the evidence from which problem-side code recomputes a bound.

A problem names the witnesses that it understands; families and plugins add their own by subclassing ``Witness``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ValidationError

from dualgap.core.arrays import Array, BoundVector, Vector, as_array
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.record import Record

_registry: dict[str, type[Witness]] = {}


class Witness(Record):
    """Base; ``type`` names the witness in JSON. Subclasses register themselves under it."""

    type: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        known = _registry.get(cls.type)
        if not cls.type:
            raise TypeError(f"{cls.__name__} needs a class variable 'type'")
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"witness type {cls.type!r} is taken by {known.__module__}.{known.__qualname__}")
        _registry[cls.type] = cls

    def pack(self) -> dict[str, Any]:
        """Plain data with the type named, arrays left as arrays."""
        return {"type": self.type, **self.content()}

    @staticmethod
    def unpack(data: dict[str, Any]) -> Witness:
        """The inverse of ``pack``.

        Raises:
            InvalidWitnessError: the type is unknown, or its fields are off.
        """
        fields = dict(data)
        name = fields.pop("type", None)
        cls = _registry.get(str(name))
        if cls is None:
            raise InvalidWitnessError(f"unknown witness type {name!r}")
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            where = [".".join(map(str, item["loc"])) for item in error.errors()]
            said = "; ".join(f"{at}: {item['msg']}" for at, item in zip(where, error.errors()))
            raise InvalidWitnessError(f"a malformed {name} witness: {said}") from error


class Unreadable(Witness):
    """Stands for a witness that a file holds and that can't be read: it proves nothing; ``reason`` says why."""

    type: ClassVar[str] = "unreadable"
    reason: str


class Multipliers(Witness):
    """Row multipliers, in the convention of ``dualgap.core.forms``; ``equalities`` for smooth programs' h."""

    type: ClassVar[str] = "multipliers"
    rows: Vector
    equalities: Vector = as_array(())


class ConicMultipliers(Witness):
    """``z`` in the dual cone, for the rows ``right_side - matrix x`` in ``cones`` of a conic program.

    The Lagrangian is ``1/2 x'Px + cost'x - z'(right_side - matrix x)``; rows in the order of
    ``dualgap.core.forms.Cones``. Its minimum over x is a bound.
    """

    type: ClassVar[str] = "conic-multipliers"
    rows: Vector


class FarkasRay(Witness):
    """Row multipliers whose aggregated row can't be met within the bounds: a proof of infeasibility."""

    type: ClassVar[str] = "farkas-ray"
    rows: Vector


class Conflict(Witness):
    """Rows, bounds and integrality by name that can't hold together: what to refute to prove infeasibility.

    ``members`` are in the words of ``dualgap.problems.systems.members``: ``row labour <=``, ``integer chairs``.
    """

    type: ClassVar[str] = "conflict"
    members: tuple[str, ...]


class Ray(Witness):
    """A direction along which feasible points improve without end: with a feasible ``point``, a proof of unboundedness.

    ``point`` is empty where none was found: then the ray shows only that the problem is unbounded or infeasible.
    """

    type: ClassVar[str] = "ray"
    direction: Vector
    point: Vector = as_array(())


class Exhaustion(Witness):
    """The solver went through every point; the verifier may replay it its own way, within its budget."""

    type: ClassVar[str] = "exhaustion"


class GradientPoint(Witness):
    """A point at which the problem recomputes a gradient, for bounds from (strong) convexity."""

    type: ClassVar[str] = "gradient-point"
    point: Array


class Strategies(Witness):
    """Both players' strategies; each gives one side of the interval through the other's best response."""

    type: ClassVar[str] = "strategies"
    x: Vector
    y: Vector


class Spectrum(Witness):
    """Eigenvalues in decreasing order with their eigenvectors as columns."""

    type: ClassVar[str] = "spectrum"
    values: BoundVector
    vectors: Array
