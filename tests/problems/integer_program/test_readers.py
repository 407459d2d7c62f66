"""MPS and LP files: the conventions where the formats leave room, and faults with their line."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scipy.sparse import csc_array

from dualgap import SpecError, load
from dualgap.solvers.model_files import write_model
from tests.problems.integer_program.programs import programs

INFINITY = float("inf")

MPS = """\
* every section and type
NAME          plant No. 2
OBJSENSE
    MAX
ROWS
 N  PROFIT
 N  IDLE
 L  LIM
 G  LEAST
 E  LEVEL
 E  DOWN
COLUMNS
    X         PROFIT       1.1   LIM          1
    X         LEAST        1
    MARK      'MARKER'     'INTORG'
    Y         PROFIT       2     LIM          1
    Y         LEVEL       -1
    B         PROFIT       2.0D0 LIM          1
    MARK      'MARKER'     'INTEND'
    Z         PROFIT      -1     LEVEL        1
    Z         IDLE        -1     DOWN         .5
RHS
    RHS       PROFIT     -10     LIM          4
    RHS       LEAST        1     LEVEL        7
    RHS       DOWN         5     IDLE         3
RANGES
    RNG       LIM          2.5   LEAST        3.5
    RNG       DOWN        -1.5
BOUNDS
 UP BND       X            4
 LO BND       Y           -1
 UP BND       Y            1
 MI BND       Z
 UP BND       Z           -2
ENDATA
"""

LP = r"""\ every section
Maximize
 profit: 1.1 X + 2 Y + 2 B - Z + 10
Subject To
 LIM: 1.5 <= X + Y + B <= 4
 -3.5 <= - X + 0 Z <= -1 \ unnamed
 LEVEL: Z >= 7 + Y
 3 X
   + 2 Y >= 1
Bounds
 X <= 4
 -1 <= Y <= 1
 Z free
 B >= -inf
General
 Y
Binary
 B
End
"""


def read(folder: Path, name: str, text: str) -> Any:
    file = folder / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return load(file)


@pytest.mark.parametrize("name", ["plant.mps", "plant.mps.gz"])
def test_mps_sections(tmp_path: Path, name: str) -> None:
    problem = read(tmp_path, name, MPS)
    assert (problem.name, problem.objective, problem.offset) == ("plant No. 2", "maximize", 10)
    assert problem.columns == ("X", "Y", "B", "Z")
    assert problem.rows == ("LIM", "LEAST", "LEVEL", "DOWN")  # the second N row is left out
    assert problem.cost.tolist() == [1.1, 2, 2, -1]
    assert problem.row_lower.tolist() == [1.5, 1, 7, 3.5]
    assert problem.row_upper.tolist() == [4, 4.5, 7, 5]
    assert problem.lower.tolist() == [0, -1, 0, -INFINITY]
    assert problem.upper.tolist() == [4, 1, 1, -2]  # B stands between markers without a bound
    assert problem.integer.tolist() == [0, 1, 1, 0]
    assert problem.matrix.csr().toarray().tolist() == [[1, 1, 1, 0], [1, 0, 0, 0], [0, -1, 0, 1], [0, 0, 0, 0.5]]


def test_names_of_sets_may_be_left_out(tmp_path: Path) -> None:
    text = "NAME\nROWS\n N c\n L r\nCOLUMNS\n x c 1 r 1\nRHS\n r 3\nRANGES\n r 2\nBOUNDS\n FR x\n UP x 5\nENDATA\n"
    problem = read(tmp_path, "m.mps", text)
    assert (problem.row_lower[0], problem.row_upper[0]) == (1, 3)
    assert (problem.lower[0], problem.upper[0]) == (-INFINITY, 5)


def test_bounds_of_every_type(tmp_path: Path) -> None:
    kinds = {"FX": "3", "LI": "2", "UI": "9", "BV": "", "PL": "", "FR": "", "MI": "", "UP": "-1", "LO": "1e30"}
    columns = "".join(f" x{kind} c 1 r 1\n" for kind in kinds if kind != "LO")
    bounds = "".join(f" {kind} b x{kind} {value}\n" for kind, value in kinds.items() if kind != "LO")
    text = f"ROWS\n N c\n G r\nCOLUMNS\n{columns}RHS\nBOUNDS\n{bounds}ENDATA\n"
    problem = read(tmp_path, "m.mps", text)
    box = dict(zip(problem.columns, zip(problem.lower.tolist(), problem.upper.tolist(), strict=True), strict=True))
    assert box == {
        "xFX": (3, 3),
        "xLI": (2, INFINITY),
        "xUI": (0, 9),
        "xBV": (0, 1),
        "xPL": (0, INFINITY),
        "xFR": (-INFINITY, INFINITY),
        "xMI": (-INFINITY, INFINITY),
        "xUP": (-INFINITY, -1),  # a negative upper bound alone opens the lower side
    }
    assert problem.integer.tolist() == [0, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("LEAST        1\n", "LEAST        1.x\n", 14, "'1.x' is not a number"),
        ("    X         LEAST        1\n", "    X         LIM        1\n", 14, "has row 'LIM' twice"),
        ("Y         LEVEL ", "Y         LEVLE ", 17, "no row 'LEVLE'"),
        ("    MAX\n", "    UP\n", 4, "'UP' is no sense"),
        (" L  LIM\n", " Q  LIM\n", 8, "unknown type of row 'Q'"),
        (" G  LEAST\n", " G  LIM\n", 9, "row 'LIM' comes twice"),
        ("'INTORG'", "'SOSORG'", 15, "unknown marker"),
        ("    Z         IDLE ", "    X         IDLE ", 21, "column 'X' comes again"),
        (" UP BND       X            4\n", " SC BND       X            4\n", 30, "unknown bound 'SC'"),
        (" UP BND       X            4\n", " UP BND       W            4\n", 30, "no column 'W'"),
        (" UP BND       X            4\n", " UP BND       X          many\n", 30, "'many' is not a number"),
        (" LO BND       Y           -1\n", " LO OTHER     Y           -1\n", 31, "a second set 'OTHER'"),
        (" LO BND       Y           -1\n", " UP BND       X            5\n", 31, "comes twice"),
        ("    RHS       DOWN         5 ", "    RHS       LIM          5 ", 25, "comes twice"),
        ("RANGES\n", "QUADOBJ\n", 26, "unknown section 'QUADOBJ'"),
        ("ENDATA\n", "", 34, "ends without ENDATA"),
        ("NAME ", " lost ", 2, "data outside a section"),
        (" N  PROFIT\n N  IDLE\n", "", 11, "no row 'PROFIT'"),
    ],
)
def test_faults_of_mps_files_name_their_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in MPS
    with pytest.raises(SpecError) as caught:
        read(tmp_path, "m.mps", MPS.replace(old, new, 1))
    assert f"line {line}: " in str(caught.value)
    assert message in str(caught.value)
    assert caught.value.faults[0].remedy


def test_lp_sections(tmp_path: Path) -> None:
    problem = read(tmp_path, "plant.lp", LP)
    assert (problem.objective, problem.offset) == ("maximize", 10)
    assert problem.columns == ("X", "Y", "B", "Z")
    assert problem.rows == ("LIM", "r2", "LEVEL", "r4")
    assert problem.row_lower.tolist() == [1.5, -3.5, 7, 1]
    assert problem.row_upper.tolist() == [4, -1, INFINITY, INFINITY]
    assert problem.matrix.csr().toarray().tolist() == [[1, 1, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1], [3, 2, 0, 0]]
    assert problem.lower.tolist() == [0, -1, 0, -INFINITY]
    assert problem.upper.tolist() == [4, 1, 1, INFINITY]
    assert problem.integer.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("1.1 X + 2 Y", "1.1 X 2 Y", 3, "unexpected '2'"),
        ("1.1 X", "1.1 X ^ 2", 3, "can't read"),
        ("1.1 X", "[ X ^ 2 ] + X", 3, "can't read"),
        ("3 X\n", "3 X 7\n", 8, "expected <=, >= or ="),
        ("LEVEL:", "LIM:", 7, "row 'LIM' comes twice"),
        (" X <= 4\n", " W <= 4\n", 11, "no column 'W'"),
        (" X <= 4\n", " X <= Y\n", 11, "a bound has one column"),
        (" -1 <= Y <= 1\n", " -1 <= Y <= Z\n", 12, "'Z' is not a number"),
        ("General\n Y", "General\n W", 16, "no column 'W'"),
        ("General\n", "SOS\n", 16, "section 'sos' is not linear"),
        ("Maximize\n", "", 2, "before the objective"),
        ("Subject To", "Minimize", 4, "a second objective"),
        ("End\n", "", 18, "ends without end"),
        ("1.5 <= X + Y + B <= 4", "X <= X + Y + B <= 4", 5, "a row with two sides"),
    ],
)
def test_faults_of_lp_files_name_their_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in LP
    with pytest.raises(SpecError) as caught:
        read(tmp_path, "m.lp", LP.replace(old, new, 1))
    assert message in str(caught.value)
    assert f"line {line}: " in str(caught.value)


def test_files_within_a_spec_take_other_fields(tmp_path: Path) -> None:
    (tmp_path / "plant.mps").write_text(MPS)
    spec = tmp_path / "plant.toml"
    spec.write_text('kind = "integer-program"\nfile = "plant.mps"\nname = "mine"\nbounds = {X = [1, 2]}\n')
    problem: Any = load(spec)
    assert problem.name == "mine"
    assert (problem.lower[0], problem.upper[0]) == (1, 2)
    spec.write_text('kind = "integer-program"\nfile = "plant.xls"\n')
    (tmp_path / "plant.xls").touch()
    with pytest.raises(SpecError, match="doesn't say its format"):
        load(spec)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\x1f\x8b\x08broken"])
@pytest.mark.parametrize("name", ["m.mps", "m.lp", "m.mps.gz"])
def test_files_that_are_none_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SpecError):
        load(tmp_path / name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(programs(integer="some"))
def test_what_is_written_reads_back(tmp_path: Path, problem: Any) -> None:
    form = problem.views()[0].build()
    assert write_model(form, tmp_path / "m.mps") == ""
    again: Any = load(tmp_path / "m.mps")
    other = again.views()[0].build()
    for field in ("cost", "row_lower", "row_upper", "lower", "upper", "integer"):
        np.testing.assert_array_equal(getattr(form, field), getattr(other, field))
    assert abs(form.matrix - other.matrix).nnz == 0
    assert (form.columns, form.rows, form.offset) == (other.columns, other.rows, other.offset)


@pytest.mark.shared_data
def test_real_files_read_as_highs_reads_them(shared_data: Path, tmp_path: Path) -> None:
    highspy = pytest.importorskip("highspy")
    files = [*sorted((shared_data / "lp").glob("*.mps.gz")), *sorted((shared_data / "mip").glob("*.mps"))]
    assert len(files) == 16
    for file in files:
        problem: Any = load(file)
        plain = tmp_path / "plain.mps"
        plain.write_bytes(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.readModel(str(plain))
        model = highs.getLp()
        np.testing.assert_array_equal(problem.cost, model.col_cost_)
        np.testing.assert_array_equal(problem.lower, model.col_lower_)
        np.testing.assert_array_equal(problem.upper, model.col_upper_)
        np.testing.assert_array_equal(problem.row_lower, model.row_lower_)
        np.testing.assert_array_equal(problem.row_upper, model.row_upper_)
        assert (list(problem.columns), list(problem.rows)) == (model.col_names_, model.row_names_)
        assert problem.offset == model.offset_
        parts = model.a_matrix_.value_, model.a_matrix_.index_, model.a_matrix_.start_
        assert abs(csc_array(parts, shape=problem.matrix.shape) - problem.matrix.csr()).nnz == 0
