"""Closing a spec: tables and arrays come from files, without loss and without a choice of format."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dualgap.core.arrays import array_digest
from dualgap.core.errors import SpecError
from dualgap.core.resolve import Resolver, parse_number
from dualgap.engine.load import load

CSV = "sku, profit ,kg,litres\n007,1.50,0.1,3\n1e5,2,0.2,4\n"
SPEC = {
    "kind": "knapsack",
    "values": "profit",
    "weights": ["kg", "litres"],
    "capacity": [0.3, 7],
    "names": "sku",
}


def written(folder: Path, name: str) -> str:
    path = folder / name
    if name.endswith(".npz"):
        columns = {"sku": ["007", "1e5"], "profit": [1.5, 2.0], "kg": [0.1, 0.2], "litres": [3, 4]}
        np.savez(path, **{key: np.array(column) for key, column in columns.items()})
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(CSV.encode()))
    else:
        path.write_bytes(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode())
    return name


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz", "d.npz", "D.CSV"])
def test_every_format_gives_the_same_problem(tmp_path: Path, name: str) -> None:
    problem = load({**SPEC, "data": written(tmp_path, name)}, base=tmp_path).problem
    assert problem.content()["names"] == ("007", "1e5")
    assert problem.content()["dimensions"] == ("kg", "litres")
    assert problem == load({**SPEC, "data": written(tmp_path, "e.csv")}, base=tmp_path).problem
    assert not problem.evaluate(problem.answer_type(counts=np.array([1, 1]))).violations  # type: ignore[call-arg]


def test_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"sku": ["007", "1e5"], "profit": [1.5, 2.0], "kg": [0.1, 0.2], "litres": [3, 4]})
    frame.to_parquet(tmp_path / "d.parquet")
    expected = load({**SPEC, "data": written(tmp_path, "e.csv")}, base=tmp_path).problem
    assert load({**SPEC, "data": "d.parquet"}, base=tmp_path).problem == expected


def test_numbers_stay_beside_columns(tmp_path: Path) -> None:
    raw = {**SPEC, "data": written(tmp_path, "d.csv"), "values": [7, 8], "copies": "litres"}
    content = load(raw, base=tmp_path).problem.content()
    assert content["values"].tolist() == [7, 8]
    assert content["copies"].tolist() == [3, 4]


def test_tables_read_numbers_exactly(tmp_path: Path) -> None:
    table = Resolver(tmp_path).table(written(tmp_path, "d.csv"), "data")
    assert table["profit"] == [Decimal("1.50"), 2]
    assert list(table) == ["sku", "profit", "kg", "litres"]


def test_arrays_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("1,2\n\n3,0.5\n")
    np.save(tmp_path / "w.npy", np.array([[1, 2], [3, 0.5]]))
    np.savez(tmp_path / "w.npz", only=np.array([[1, 2], [3, 0.5]]))
    for name in ("w.csv", "w.npy", "w.npz"):
        raw = {"kind": "knapsack", "values": [1, 2], "weights": {"file": name}, "capacity": [1, 1]}
        assert load(raw, base=tmp_path).problem.content()["weights"].tolist() == [[1, 2], [3, 0.5]]


def test_arrays_as_numpy_writes_them(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).normal(size=(3, 2))
    for written in ("%.18e", "%.17g", "%.25f"):
        np.savetxt(tmp_path / "w.csv", drawn, delimiter=",", fmt=written)
        assert np.array_equal(Resolver(tmp_path).array("w.csv", "weights.file"), drawn)


def test_arrays_that_are_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=np.arange(2), b=np.arange(2))
    np.save(tmp_path / "objects.npy", np.array([None]), allow_pickle=True)
    (tmp_path / "text.csv").write_text("1,x\n")
    (tmp_path / "blank.csv").write_text("1,2\n\n,3\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    cases = {
        "two.npz": "2 arrays",
        "objects.npy": "unpickling",
        "text.csv": "line 1, column 2 is 'x', no number",
        "blank.csv": "line 3, column 1 is empty",
        "ragged.csv": "rows differ",
    }
    for name, said in cases.items():
        with pytest.raises(SpecError, match=said) as caught:
            Resolver(tmp_path).array(name, "weights.file")
        assert caught.value.faults[0].path == "weights.file"


def test_records_are_hashes_of_what_was_derived() -> None:
    resolver = Resolver()
    array = resolver.record("split", np.arange(3))
    assert resolver.artefacts == {"split": array_digest(array)}


@pytest.mark.parametrize("text", ["1", "-3", "+4", " 7 ", "0.10", ".5", "5.", "1e3", "-2.5E-3"])
def test_numbers_as_people_write_them(text: str) -> None:
    assert parse_number(text) == Decimal(text.strip())


@pytest.mark.parametrize("text", ["", "1_000", "0x10", "1,5", "١", "1 2", "e5", "--1"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|digits"):
        parse_number(text)
