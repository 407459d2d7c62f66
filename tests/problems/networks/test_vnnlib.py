"""VNN-LIB properties: a box in, linear conditions out; the rest is refused with its line."""

import gzip
import re

import numpy as np
import pytest

from dualgap.core.errors import SpecError
from dualgap.problems.networks.vnnlib import read_vnnlib

DECLARED = """; a property
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(declare-const Y_1 Real)
(declare-const Y_2 Real)
"""
BOX = """(assert (<= X_0 0.75))
(assert (>= X_0 -0.25))
(assert (and (<= X_1 2e-1) (>= X_1 0.1)))
"""


def read(text, folder, name="prop.vnnlib"):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return read_vnnlib(path)


@pytest.mark.parametrize("name", ["prop.vnnlib", "prop.vnnlib.gz"])
def test_a_box_and_a_disjunction(name, tmp_path):
    fields = read(DECLARED + BOX + "(assert (or (and (>= Y_1 Y_0)) (and (>= Y_2 Y_0))))", tmp_path, name)
    assert fields["lower"].tolist() == [[-0.25, 0.1]]
    assert fields["upper"].tolist() == [[0.75, 0.2]]
    assert fields["rows"].tolist() == [[1, -1, 0], [1, 0, -1]]
    assert fields["constants"].tolist() == [0, 0]


def test_the_ball_holds_the_box(tmp_path):
    fields = read(DECLARED + BOX + "(assert (<= Y_0 0))", tmp_path)
    for side in ("lower", "upper"):
        assert np.abs(fields[side] - fields["inputs"]).max() <= fields["radius"]


@pytest.mark.parametrize(
    ("condition", "row", "constant"),
    [
        ("(<= Y_0 Y_1)", [1, -1, 0], 0),
        ("(>= Y_0 3.5)", [-1, 0, 0], 3.5),
        ("(<= (+ Y_0 (* 2 Y_1) -1) (- Y_2))", [1, 2, 1], -1),
        ("(>= (- Y_0 Y_1 2) (* Y_2 0.5))", [-1, 1, 0.5], 2),
        ("(and (<= Y_2 1))", [0, 0, 1], -1),
    ],
)
def test_unsafe_conditions_become_margins(condition, row, constant, tmp_path):
    """``expression <= 0`` is unsafe, so the margin is the expression."""
    fields = read(DECLARED + BOX + f"(assert {condition})", tmp_path)
    assert fields["rows"].tolist() == [row]
    assert fields["constants"].tolist() == [constant]


def test_the_tightest_bounds_count(tmp_path):
    more = "(assert (<= (* 2 X_0) 1))(assert (>= (- X_0) -0.25))"
    fields = read(DECLARED + BOX + more + "(assert (<= Y_0 0))", tmp_path)
    assert fields["upper"][0, 0] == 0.25


REFUSED = {
    "conjunction": ("(assert (>= Y_0 Y_1))\n(assert (>= Y_0 Y_2))", "line 11: a second condition", "disjunction"),
    "conjunction in a disjunction": ("(assert (or (and (<= Y_0 0) (<= Y_1 0)) (<= Y_2 0)))", "line 10: a conj", ""),
    "boxes": ("(assert (or (<= X_0 0) (>= X_0 1)))", "line 10: inputs in a disjunction", "a file for each"),
    "mixed": ("(assert (<= X_0 Y_0))", "line 10: inputs and outputs", ""),
    "two inputs": ("(assert (<= X_0 X_1))", "line 10: a condition on several inputs", "box"),
    "strict": ("(assert (< Y_0 Y_1))", "line 10: '<' isn't read", "<="),
    "product": ("(assert (<= (* Y_0 Y_1) 0))", r"line 10: '\*' isn't linear", "multiples"),
    "unknown word": ("(assert (<= (foo Y_0) 0))", "line 10: 'foo'", ""),
    "undeclared": ("(assert (<= Y_7 0))", "line 10: 'Y_7' is no number and no variable", "declare"),
    "not finite": ("(assert (<= Y_0 1e999))", "line 10: '1e999'", ""),
    "constant": ("(assert (<= 0 1))", "line 10: a condition on nothing", ""),
    "command": ("(push 1)", "line 10: 'push' isn't read", "assert"),
    "integers": ("(declare-const Z_0 Int)", "line 10: 'Z_0' of type 'Int'", "Real"),
    "nothing said": ("", "nothing is said of the outputs", ""),
    "unclosed": ("(assert (<= Y_0 0)", "line 10: a bracket is never closed", "whole"),
    "closed twice": ("(assert (<= Y_0 0)))", "line 10: a bracket closes", ""),
    "outside": ("Y_0", "line 10: 'Y_0' outside brackets", ""),
    "nested": ("(" * 10_000, "nested too deep", ""),
    "empty box": ("(assert (>= X_0 2))(assert (<= Y_0 0))", "bounds of X_0 exclude each other", ""),
    "endless numbers": ("(declare-const X_999999 Real)", "3 variables X are declared", "number them from X_0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_line(name, tmp_path):
    text, message, remedy = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        read(DECLARED + BOX + text, tmp_path)
    (fault,) = caught.value.faults
    assert re.search(message, str(fault)), str(fault)
    assert remedy in fault.remedy
    assert caught.value.source == "prop.vnnlib"


def test_a_missing_bound_is_named(tmp_path):
    with pytest.raises(SpecError, match="X_1 has no lower bound"):
        read(DECLARED + "(assert (<= X_0 1))(assert (>= X_0 0))(assert (<= X_1 1))(assert (<= Y_0 0))", tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"\x1f\x8bgarbage"])
def test_garbage_is_refused(content, tmp_path):
    for name in ("prop.vnnlib", "prop.vnnlib.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SpecError):
            read_vnnlib(tmp_path / name)
