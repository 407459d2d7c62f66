"""Routes: shortest and strongest first, at most two bridges, nothing built on the way, maps composed in order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import dualgap
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.forms import Form
from dualgap.core.relations import Relation
from dualgap.core.views import Bridge, Crossing
from dualgap.core.witness import Multipliers
from dualgap.engine.routes import BuiltRoute, routes, some_routes


@dataclass(frozen=True)
class A(Form):
    number: int = 0


@dataclass(frozen=True)
class B(Form):
    number: int = 0


@dataclass(frozen=True)
class C(Form):
    number: int = 0


@dataclass(frozen=True)
class D(Form):
    number: int = 0


class Number(dualgap.Answer):
    number: int


class Toy(dualgap.Problem):
    kind, answer_type = "toy-route", Number

    def evaluate(self, answer):
        return dualgap.Evaluation(answer.number, exact=True)

    def views(self):
        decode, repair = lambda x: Number(number=x), lambda x: Number(number=-x)
        maps = {"decode": decode, "repair": repair, "encode": lambda answer: answer.number}
        lifts = {"lift_bound": lambda bound: bound * 10, "lift_witness": lambda witness: witness}
        return (
            dualgap.View("first", A, Relation.EXACT, lambda: A(1), **maps, **lifts),
            dualgap.View("loose", B, Relation.RELAXATION, lambda: B(2), **maps, **lifts),
            dualgap.View("broken", D, Relation.EXACT, lambda: pytest.fail("listing routes built a view")),
        )


def bridge(name, source, target, relation=Relation.EXACT, refuses=None):
    def cross(form):
        maps = {"decode": lambda x: x + 1, "encode": lambda x: x - 1, "lift_bound": lambda bound: bound + 3}
        return Crossing(target(form.number + 100), **maps, lift_witness=lambda w: Multipliers(rows=w.rows * 2))

    return Bridge(name, source, target, relation, cross, refuses or (lambda form: None))


class Takes(dualgap.Solver):
    name = "takes"


def solver(*forms):
    return type("Taker", (Takes,), {"accepts": forms})


CHAIN = [bridge("ab", A, B), bridge("bc", B, C, Relation.RELAXATION), bridge("cd", C, D), bridge("ba", B, A)]


def test_the_strongest_relation_comes_first_then_the_fewest_bridges():
    found = routes(Toy(), solver(B, A), CHAIN)
    assert [route.steps[1:-1] for route in found] == [
        ("first (exact)",),
        ("first (exact)", "ab (exact)"),
        ("loose (relaxation)",),
        ("loose (relaxation)", "ba (exact)"),
    ]


def test_a_route_has_at_most_two_bridges_and_passes_no_form_twice():
    found = routes(Toy(), solver(D), CHAIN, via="first")
    assert found == []
    assert len(routes(Toy(), solver(C), CHAIN, via="first")) == 1
    assert max(len(route.bridges) for route in routes(Toy(), solver(A, B, C), CHAIN)) == 2


def test_a_solver_of_the_problem_class_needs_no_view():
    (route,) = routes(Toy(), solver(Toy), CHAIN)
    assert route.steps == ("toy-route",)
    assert route.relation is Relation.EXACT
    assert routes(Toy(), solver(Toy), CHAIN, via="first") == []


def test_an_unknown_view_names_those_there_are():
    with pytest.raises(UsageError, match="first, loose, broken"):
        routes(Toy(), solver(A), CHAIN, via="other")


def test_no_route_names_both_sides():
    with pytest.raises(NoRouteError, match=r"A, B, D\).*accepts: C"):
        some_routes(Toy(), solver(C), [])


def test_maps_are_composed_along_the_route_and_back():
    route = routes(Toy(), solver(C), CHAIN, via="first")[0]
    built = BuiltRoute(route, Toy())
    assert built.form == C(201)
    assert route.relation is Relation.RELAXATION
    assert built.answer(5) == Number(number=-7)  # decoded twice, then repaired
    assert built.point(Number(number=5)) == 3
    assert built.lift_bound(1) == 70
    assert built.lift_witness(Multipliers(rows=[1.0])).rows.tolist() == [4.0]


def test_an_exact_route_decodes_and_carries_the_value():
    built = BuiltRoute(routes(Toy(), solver(A), CHAIN)[0], Toy())
    outcome = built.outcome(dualgap.Claim(point=5, feasible=True, value=4, bound=3))
    assert (outcome.answer, outcome.value, outcome.bound) == (Number(number=5), 40, 30)


def test_a_relaxation_carries_a_bound_but_no_value():
    built = BuiltRoute(routes(Toy(), solver(C), CHAIN, via="first")[0], Toy())
    outcome = built.outcome(dualgap.Claim(point=5, feasible=True, value=4, bound=3))
    assert (outcome.value, outcome.bound) == (None, 90)


def test_a_bridge_that_refuses_says_why_and_the_next_route_is_taken(registered):
    picky = bridge("picky", A, C, refuses=lambda form: "the number is odd")
    found = [*routes(Toy(), solver(C), [picky, *CHAIN], via="first")]
    assert [route.relation for route in found] == [Relation.EXACT, Relation.RELAXATION]
    with pytest.raises(NoRouteError, match="picky can't cross: the number is odd"):
        BuiltRoute(found[0], Toy())

    from dualgap.engine.perform import _build

    index, built = _build(Toy(), found, solver(C)())
    assert (index, built.form) == (1, C(201))
