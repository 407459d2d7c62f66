"""Shipped examples load, new specs read back, and the JSON schema accepts what loads."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dualgap import CoinChange, IntegerProgram, Knapsack, load
from dualgap.core.errors import SpecError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.specs import parse_spec, read_spec_file
from dualgap.problems.describe import new_spec, raw_fields, schema
from dualgap.problems.examples import example, examples

IN_FIELDS: tuple[type[Problem], ...] = (Knapsack, CoinChange)
KINDS: tuple[type[Problem], ...] = (*IN_FIELDS, IntegerProgram)
SHIPPED = [(kind, path) for kind in KINDS for path in examples(kind).values()]


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=[path.stem for _, path in SHIPPED])
def test_every_example_loads_and_says_what_it_is(kind: type[Problem], path: Path) -> None:
    assert isinstance(load(path), kind)
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_the_basic_one_comes_first_and_stands_alone() -> None:
    for kind in KINDS:
        assert example(kind).stem == "basic"
        assert "data" not in read_spec_file(example(kind))


def test_an_unknown_example_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="it has: basic, bounded"):
        example(Knapsack, "hiking")


def test_a_kind_without_examples_says_how_to_get_a_spec() -> None:
    class Bare(Problem):
        kind = "bare"

    assert examples(Bare) == {}
    with pytest.raises(UsageError, match="problems new bare"):
        example(Bare)


@pytest.mark.parametrize(
    ("kind", "size", "options"),
    [
        (Knapsack, 1, {}),
        (Knapsack, 30, {}),
        (Knapsack, 300, {"dimensions": 3, "range": 10**6}),
        (Knapsack, 1, {"dimensions": 2}),
        (Knapsack, 5, {"copies": "unbounded"}),
        (Knapsack, 5, {"copies": 7}),
        (CoinChange, 1, {}),
        (CoinChange, 60, {"family": "hard", "amount": 10**7}),
    ],
)
def test_a_new_spec_reads_back_to_the_same_problem(kind: type[Problem], size: int, options: dict[str, Any]) -> None:
    text = new_spec(kind, size, 1, **options)
    assert load(parse_spec(text, "new")) == kind.generate(size, 1, **options)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("kind", IN_FIELDS)
def test_a_new_spec_names_every_field_with_its_default(kind: type[Problem]) -> None:
    text = new_spec(kind, 5, 1)
    for name in (*kind.model_fields, *raw_fields(kind)):
        assert name in text
    uncommented = [line.removeprefix("# ") for line in text.splitlines() if line.endswith("# default")]
    assert len(uncommented) == sum(not field.is_required() for field in kind.model_fields.values())
    defaults = tomllib.loads("\n".join(uncommented))
    assert load({**parse_spec(text, "new"), **defaults}) == kind.generate(5, 1)


def test_a_new_spec_by_names_explains_every_other_field() -> None:
    text = new_spec(IntegerProgram, 5, 1)
    for name in (*IntegerProgram.model_fields, *raw_fields(IntegerProgram)):
        assert f"# - {name}: " in text or f"\n{name} = " in text or f"\n[{name}]" in text


def test_names_and_decimals_are_written_as_toml_reads_them() -> None:
    class Named(Knapsack):
        @classmethod
        def generate(cls, size: int, seed: int, **options: Any) -> Knapsack:
            names = ['say "a"', "tab\there", "back\\slash", "é", "x" * 120]
            return Knapsack(values=[0.1, 1e-7, 1e22, 5, 2.5], weights=[1] * 5, capacity=0.3, names=names)

    assert load(parse_spec(new_spec(Named, 5, 0), "new")) == Named.generate(5, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_describes_every_field(kind: type[Problem]) -> None:
    described = schema(kind)
    assert set(described["properties"]) == {"kind", *kind.model_fields, *raw_fields(kind)}
    assert all(field["description"] for field in described["properties"].values())
    assert json.loads(json.dumps(described)) == described


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=[path.stem for _, path in SHIPPED])
def test_the_schema_accepts_the_examples(kind: type[Problem], path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema(kind))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "knapsak"},
        {"kind": "knapsack", "values": [1], "weights": [1]},
        {"kind": "knapsack", "values": [True], "weights": [1], "capacity": 1},
        {"kind": "knapsack", "values": [1], "weights": [1], "capacity": 1, "colour": "red"},
        {"kind": "knapsack", "values": [[1, 2], [3, 4]], "weights": [1, 2], "capacity": 1},
    ],
)
def test_the_schema_refuses_what_does_not_load(wrong: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(SpecError):
        load(wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema(Knapsack))
