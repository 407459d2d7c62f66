"""Views: the ways from a problem to a form and back; bridges: from one form to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dualgap.core.exact import Real
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.witness import Witness


def identity(bound: Real) -> Real:
    """The map of a bound where form and problem share their objective."""
    return bound


@dataclass(frozen=True)
class View:
    """One way to state a problem as a form. Listing views builds nothing.

    Attributes:
        name: what ``--via`` takes.
        form_type: the form that ``build`` returns.
        relation: of the form to the problem.
        build: makes the form, lazily.
        decode: a form's point to an answer, as it is; None for a bound-only view.
        repair: the same for points that needn't be feasible (a route that isn't exact): rounded and made feasible
            where that can be done. ``decode`` is used where there is none.
        encode: an answer to a form's point (warm starts).
        lift_bound: a bound (or value) of the form to the problem's objective; the identity by default, None for a
            point-only view. Whether a bound is carried at all is the relation's matter.
        lift_witness: a witness on the form to one that the problem's ``bound`` takes, or None.
        encode_witness: the way back, for multipliers to start from.
    """

    name: str
    form_type: type[Form]
    relation: Relation
    build: Callable[[], Form]
    decode: Callable[[Any], Any] | None = None
    repair: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] | None = None
    lift_bound: Callable[[Real], Real] | None = identity
    lift_witness: Callable[[Witness], Witness | None] | None = None
    encode_witness: Callable[[Witness], Witness | None] | None = None


def program_view(views: Iterable[View]) -> View | None:
    """The first view that states the problem exactly as a mixed-integer program; None where there is none."""
    exact = (view for view in views if view.relation is Relation.EXACT)
    return next((view for view in exact if issubclass(view.form_type, MixedIntegerProgram)), None)


@dataclass(frozen=True)
class Crossing:
    """A bridge applied to one form: the target form and the maps there and back."""

    form: Form
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] | None = None
    lift_bound: Callable[[Real], Real] | None = None
    lift_witness: Callable[[Witness], Witness | None] | None = None
    encode_witness: Callable[[Witness], Witness | None] | None = None


@dataclass(frozen=True)
class Bridge:
    """A way from forms of one type to another; ``refuses`` gives the reason where it can't cross.

    ``api`` is the plugin interface that it is written for.
    """

    name: str
    source: type[Form]
    target: type[Form]
    relation: Relation
    cross: Callable[[Any], Crossing]
    refuses: Callable[[Any], str | None] = lambda form: None
    api: int = 1
