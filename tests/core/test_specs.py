"""Specs are read alike from TOML and JSON, decimals exactly, settings applied on top."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualgap import Knapsack, load
from dualgap.core.errors import Fault, SpecError
from dualgap.core.specs import override, parse_spec, parse_value, read_spec_file


def faults_of(read: Callable[[], Any]) -> tuple[Fault, ...]:
    """The faults that reading finds; any other error than a SpecError fails the test."""
    try:
        read()
    except SpecError as error:
        return error.faults
    return ()


TOML = 'kind = "knapsack"\nvalues = [1.5, 2]\nweights = [0.1, 0.2]\ncapacity = 0.3\nnames = ["é", "b"]\n'
JSON = '{"kind": "knapsack", "values": [1.5, 2], "weights": [0.1, 0.2], "capacity": 0.3, "names": ["é", "b"]}'


def test_toml_and_json_read_alike() -> None:
    assert parse_spec(TOML, "a") == parse_spec(JSON, "b") == parse_spec("\ufeff \n" + JSON, "c")
    assert load(parse_spec(TOML, "a")) == load(parse_spec(JSON, "b"))


def test_decimals_are_exact() -> None:
    assert parse_spec("a = 0.1\nb = 1_000.5\nc = 1e3", "a") == {
        "a": Decimal("0.1"),
        "b": Decimal("1000.5"),
        "c": Decimal("1e3"),
    }
    problem = load(parse_spec(TOML, "a"))
    assert isinstance(problem, Knapsack)
    both = problem.answer_type(counts=np.array([1, 1]))  # type: ignore[call-arg]
    assert problem.evaluate(both).violations == {}


def test_a_table_header_isnt_json() -> None:
    assert parse_spec("[rows]\na = 1\n", "a") == {"rows": {"a": 1}}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_with_and_without_a_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(mark + TOML.encode())
    assert read_spec_file(path) == parse_spec(TOML, "a")


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_a_spec_error(text: str) -> None:
    faults = faults_of(lambda: parse_spec(text, "fuzz"))
    assert all(fault.message and fault.remedy for fault in faults)


@given(
    st.dictionaries(
        st.sampled_from(["values", "weights", "capacity", "copies", "names", "dimensions", "data", "file", "generate"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_any_data_is_a_problem_or_a_spec_error(data: dict[str, Any]) -> None:
    for kind in ("knapsack", "coin-change"):
        faults = faults_of(lambda: load({"kind": kind, **data}))  # noqa: B023
        assert all(fault.path and fault.message for fault in faults)


def test_settings_are_toml_values_or_text() -> None:
    assert [parse_value(text) for text in ("3", "[1, 2]", "true", "abc", '"3"', "0.1", ".1", "-2.e3", "1\nb = 2")] == [
        3,
        [1, 2],
        True,
        "abc",
        "3",
        Decimal("0.1"),
        Decimal("0.1"),
        Decimal(-2000),
        "1\nb = 2",
    ]


def test_settings_go_into_tables_and_leave_the_original() -> None:
    spec = {"generate": {"size": 3, "seed": 1}, "capacity": 5}
    changed = override(spec, {"generate.size": "7", "capacity": "0.5", "new.deep.field": "x"})
    assert changed == {
        "generate": {"size": 7, "seed": 1},
        "capacity": Decimal("0.5"),
        "new": {"deep": {"field": "x"}},
    }
    assert spec == {"generate": {"size": 3, "seed": 1}, "capacity": 5}


def test_specs_survive_their_own_json() -> None:
    problem = load(parse_spec(TOML, "a"))
    content = {name: getattr(value, "tolist", lambda v=value: v)() for name, value in problem.content().items()}
    assert load({"kind": "knapsack", **json.loads(json.dumps(content))}) == problem


def test_python_constructors_list_faults_as_specs_do() -> None:
    with pytest.raises(SpecError, match="did you mean 'values'") as caught:
        Knapsack(value=[1], weights=[[1]])
    assert {fault.path for fault in caught.value.faults} == {"values", "capacity", "value"}
    assert str(caught.value).startswith("Knapsack can't be used")
