"""Each fault that a problem may have is found by the check that is there for it, and an honest problem passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

import dualgap
from dualgap import Answer, Bound, Evaluation, Evidence, Knapsack, View
from dualgap.problems.knapsack.spec import KnapsackAnswer
from dualgap.testing import check_problem, examine_problem

SPEC = {"values": [10.5, 13, 7, 8], "weights": [3, 4, 2, 3], "capacity": 7}


class Sack(Knapsack):
    """A knapsack with one thing changed by each subclass."""

    kind: ClassVar[str] = "sack"


def make(**attributes: Any) -> type[dualgap.Problem]:
    annotated = {name: ClassVar[type(value)] for name, value in attributes.items() if isinstance(value, str | tuple)}
    return type("Made", (Sack,), {"kind": "sack", "__annotations__": annotated, "__module__": __name__, **attributes})


def changed(**fields: Any) -> Any:
    """``views`` with fields of the view changed, each by a function of the problem and the old value."""

    def views(self: Any) -> tuple[View, ...]:
        (view,) = Sack.views(self)
        return (replace(view, **{name: change(self, getattr(view, name)) for name, change in fields.items()}),)

    return views


def failed(cls: type[dualgap.Problem]) -> set[str]:
    return {row.check for row in examine_problem(cls, [cls.model_validate(SPEC)]).failures}


def test_an_honest_problem_passes() -> None:
    assert check_problem(Sack).ok
    assert failed(Sack) == set()


def test_check_problem_lists_what_fails() -> None:
    with pytest.raises(AssertionError, match=r"instance 1, the trivial answer is feasible: it violates capacity"):
        check_problem(make(trivial=too_much), [make(trivial=too_much).model_validate(SPEC)])


def too_much(self: Any) -> Any:
    return KnapsackAnswer(counts=np.ones(self.size, dtype=int))


class Unsteady(Sack):
    kind: ClassVar[str] = "unsteady"
    calls: ClassVar[list[int]] = []

    def evaluate(self, answer: Any) -> Evaluation:
        self.calls.append(1)
        return replace(Sack.evaluate(self, answer), objective=len(self.calls))


class Wild(Sack):
    kind: ClassVar[str] = "wild"

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Any:
        rng = np.random.default_rng()
        return cls(values=rng.random(size), weights=rng.random(size), capacity=1)


class Lax(dualgap.Problem):
    """Takes anything for its one number."""

    kind: ClassVar[str] = "lax"
    summary: ClassVar[str] = "takes anything"
    level: Any

    def evaluate(self, answer: Any) -> Evaluation:
        return Evaluation(0)


class Shifty(Sack):
    """Changes a spec that is closed already."""

    kind: ClassVar[str] = "shifty"

    @classmethod
    def resolve(cls, spec: Any, resolver: Any) -> Any:
        closed = super().resolve(spec, resolver)
        return {**closed, "capacity": np.asarray(closed["capacity"]) + 1}


VIEW = "view ilp: "
FAULTS: dict[str, tuple[type[dualgap.Problem], str]] = {
    "an evaluation that changes": (Unsteady, "evaluate is pure"),
    "another spec when closed again": (Shifty, "the spec survives the way to a worker and to a file"),
    "a trivial answer that is too much": (make(trivial=too_much), "the trivial answer is feasible"),
    "answers that come back changed": (
        make(read_answer=lambda self, data: KnapsackAnswer(counts=np.zeros(self.size, dtype=int))),
        "answers survive writing and reading",
    ),
    "answers that JSON can't hold": (
        make(write_answer=lambda self, answer: {"counts": {1, 2}}),
        "answers survive writing and reading",
    ),
    "a ragged table": (make(render=lambda self, answer: [("a", "b"), ("c",)]), "people can read it"),
    "a table of numbers": (make(render=lambda self, answer: [("a",), (1,)]), "people can read it"),
    "another form than announced": (
        make(views=changed(build=lambda self, old: lambda: "a form")),
        VIEW + "builds its form",
    ),
    "encode that isn't the inverse": (
        make(views=changed(encode=lambda self, old: lambda answer: old(answer)[::-1])),
        VIEW + "encode, then decode",
    ),
    "a form with another objective": (
        make(views=changed(build=lambda self, old: lambda: replace(old(), offset=3.0))),
        VIEW + "encode, then decode",
    ),
    "a form with the wrong sense": (
        make(views=changed(lift_bound=lambda self, old: lambda bound: bound)),
        VIEW + "a solver's claim is certified",
    ),
    "a form without the row": (
        make(views=changed(build=lambda self, old: lambda: replace(old(), row_upper=np.array([np.inf])))),
        VIEW + "a solver's claim is certified",
    ),
    "decode that raises": (
        make(views=changed(decode=lambda self, old: lambda point: 1 // int(point.sum() < 1) and old(point))),
        VIEW + "any point decodes",
    ),
    "a decoded point that hides a violation": (
        make(views=changed(decode=lambda self, old: lambda point: self.trivial())),
        VIEW + "any point decodes",
    ),
    "a bound from anything": (
        make(bound=lambda self, witness, seconds=10.0: Bound(1, Evidence.PROVED, "because")),
        "no witness proves a bound beyond the optimum",
    ),
    "a bound that raises": (
        make(bound=lambda self, witness, seconds=10.0: Bound(witness.rows[7], Evidence.PROVED)),
        "no witness proves a bound beyond the optimum",
    ),
    "tighten that goes too far": (
        make(tighten=lambda self, bound: bound - 1),
        "no witness proves a bound beyond the optimum",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    cls, check = FAULTS[fault]
    assert check in failed(cls)


def test_a_generator_without_its_seed() -> None:
    assert {row.check for row in examine_problem(Wild).failures} == {"generate: the same seed gives the same instance"}


def test_nan_that_is_taken_without_a_word() -> None:
    report = examine_problem(Lax, [Lax(level=1.5)])
    assert [row.detail for row in report.failures] == ["NaN in 'level' is taken without a word"]


def test_exact_views_that_disagree() -> None:
    def views(self: Any) -> tuple[View, ...]:
        (view,) = Sack.views(self)
        smaller = replace(view, name="smaller", build=lambda: replace(view.build(), row_upper=self.capacity - 3))
        return (view, smaller)

    assert "exact views agree on the optimum" in failed(make(views=views))


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"kind": ""}, "kind"),
        ({"summary": ""}, "summary"),
        ({"api": 2}, "plugin interface 2"),
        ({"answer_type": dict}, "answer_type"),
        ({"column_fields": ("vlaues",)}, "vlaues"),
    ],
)
def test_incomplete_classes(attributes: dict[str, Any], said: str) -> None:
    report = examine_problem(make(**attributes))
    assert [row.check for row in report.failures] == ["the class is complete"]
    assert said in report.failures[0].detail


def test_a_class_that_evaluates_nothing() -> None:
    class Empty(dualgap.Problem):
        kind = "empty"
        answer_type = Answer

    assert "must define evaluate" in examine_problem(Empty).failures[0].detail


def test_no_instances_is_a_failure() -> None:
    assert {row.check for row in examine_problem(Lax).failures} == {"has instances to test"}
