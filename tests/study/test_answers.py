"""Answers in files: whose values are whose."""

from __future__ import annotations

from pathlib import Path

import pytest

import dualgap
from dualgap.core.errors import SpecError
from dualgap.study.answers import read_given


def test_values_under_other_names_are_not_taken_in_order(tmp_path: Path) -> None:
    plan = dualgap.IntegerProgram(maximize={"chairs": 45, "tables": 80}, rows={"w": {"terms": {"chairs": 5}, "le": 9}})
    path = tmp_path / "answer.csv"
    path.write_text("name,value\ntent,1\nstove,1\n")
    with pytest.raises(SpecError, match="tent: no such name"):
        read_given(plan, path)
    path.write_text("name,value\nC1,1\nC2,3\n")
    assert plan.write_answer(read_given(plan, path)) == {"values": {"chairs": 1, "tables": 3}}
