"""Bad specs: each names where it is wrong and what to do, and ends the command line with 2 and no traceback."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualgap import load
from dualgap.core.errors import SpecError
from dualgap.core.specs import MAX_SPEC_BYTES, parse_spec
from dualgap.engine.load import load as load_with

GOOD: dict[str, Any] = {"kind": "knapsack", "values": [1, 2, 3], "weights": [1, 2, 3], "capacity": 3}
COINS: dict[str, Any] = {"kind": "coin-change", "coins": [1, 2, 5], "amount": 11}


def good(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def coins(**changes: Any) -> dict[str, Any]:
    return {**COINS, **changes}


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != field}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


RAW = {
    "no kind": (without("kind"), "kind", "missing"),
    "kind is no text": (good(kind=3), "kind", "not a text"),
    "kind is a table": (good(kind={"a": 1}), "kind", "not a text"),
    "unknown kind": (good(kind="knapsak"), "kind", "did you mean 'knapsack'"),
    "missing field": (without("weights"), "weights", "missing"),
    "unknown field": (good(capasity=3), "capasity", "did you mean 'capacity'"),
    "text for an array": (good(values="profit"), "values", "expected an array of numbers"),
    "number for an array": (good(values=3), "values", "expected 1 dimension"),
    "text among numbers": (good(values=[1, "2", 3]), "values", "got '2' at index 1 (write it without quotes)"),
    "null among numbers": (good(values=[1, None, 3]), "values", "at index 1"),
    "boolean as a number": (good(values=[1, True, 3]), "values", "got True at index 1 (write 0 or 1)"),
    "boolean capacity": (good(capacity=True), "capacity", "write 0 or 1"),
    "boolean array": (good(values=np.array([True, False, True])), "values", "array of bool"),
    "NaN": (good(values=[1.0, float("nan"), 3.0]), "values", "nan is not a finite number at index 1"),
    "NaN in NumPy": (
        good(weights=np.array([[1.0, np.nan, 3.0]])),
        "weights",
        "nan is not a finite number at index 0, 1",
    ),
    "infinity": (good(capacity=float("inf")), "capacity", "not a finite number"),
    "infinite decimal": (good(capacity=Decimal("Infinity")), "capacity", "not a finite number"),
    "signalling NaN": (good(capacity=Decimal("sNaN")), "capacity", "not a finite number"),
    "negative weight": (good(weights=[1, -2, 3]), "weights", "negative weight at index 1"),
    "negative capacity": (good(capacity=-1), "capacity", "must be >= 0"),
    "lengths differ": (good(values=[1, 2]), "(top)", "weights has 3 items, values 2"),
    "rows differ": (good(weights=[[1, 2, 3], [1, 2]]), "weights", "rows differ in length"),
    "rows and numbers": (good(weights=[[1, 2, 3], 4]), "weights", "mixed"),
    "too few capacities": (good(capacity=[1, 2]), "(top)", "capacity has 2 entries, weights 1 rows"),
    "2^63": (good(values=[1, 2**63, 3]), "values", "9223372036854775808 doesn't fit a 64-bit integer at index 1"),
    "2^63 in uint64": (good(values=np.array([1, 2**63, 3], dtype=np.uint64)), "values", "doesn't fit a 64-bit"),
    "uncountable copies": (good(capacity=1e20, copies="unbounded"), "(top)", "copies of entry 0 would fit"),
    "uncountable coins": ({**COINS, "amount": 1e300}, "(top)", "copies of entry 0 would fit"),
    "thousands of digits": (good(capacity=10**5000), "capacity", "doesn't fit a 64-bit integer"),
    "digits lost": (good(values=[2**60 + 1, 0.5, 1]), "values", "loses digits among floats"),
    "digits lost in a decimal": (good(values=[Decimal("0.12345678901234567890"), 1, 1]), "values", "without loss"),
    "huge exponent": (good(capacity=Decimal("1e400")), "capacity", "without loss"),
    "complex": (good(values=np.array([1j, 2, 3])), "values", "not numeric"),
    "long double": (good(values=np.array([1, 2, 3], dtype=np.longdouble)), "values", "not numeric"),
    "nested without end": (good(values=nested(900)), "values", "nested too deep"),
    "no items": (good(values=[], weights=[]), "(top)", "no items"),
    "names twice": (good(names=["a", "b", "a"]), "(top)", "'a' twice"),
    "names too few": (good(names=["a"]), "(top)", "names has 1 entries, expected 3"),
    "names not texts": (good(names=["a", {"b": 1}, "c"]), "names", "at index 1"),
    "copies is a word": (good(copies="many"), "copies", "unknown word 'many'"),
    "copies fractional": (good(copies=1.5), "copies", "whole numbers"),
    "copies too few": (good(copies=[1, 2]), "(top)", "copies has 2 entries"),
    "data not a name": (good(data=3), "data", "expected the name of a file"),
    "data without a file": (good(data="no.csv"), "data", "no file 'no.csv'"),
    "data with a name no file can have": (good(data="x" * 5000 + ".csv"), "data", "no file"),
    "file not a name": ({"kind": "knapsack", "file": 7}, "file", "expected the name of a file"),
    "generate not a table": ({"kind": "knapsack", "generate": 7}, "generate", "not a table"),
    "generate without size": ({"kind": "knapsack", "generate": {"seed": 1}}, "generate.size", "missing"),
    "generate too large": ({"kind": "knapsack", "generate": {"size": 10**9}}, "generate.size", "too large"),
    "generate unknown option": (
        {"kind": "knapsack", "generate": {"size": 5, "family": "weak", "ranje": 7}},
        "generate",
        "no option 'ranje'",
    ),
    "no coins": (coins(coins=[]), "coins", "no coins"),
    "a coin of nothing": (coins(coins=[0, 1]), "coins", "coin 0 is not positive"),
    "negative amount": (coins(amount=-1), "amount", "amounts must be >= 0"),
    "amount is a list": (coins(amount=[1]), "amount", "expected a number"),
    "negative cost": (coins(costs=[1, -1, 1]), "costs", "negative cost"),
    "negative copies": (coins(copies=-1), "copies", "whole numbers >= 0"),
}


@pytest.mark.parametrize("case", RAW)
def test_raw_data(case: str) -> None:
    raw, path, said = RAW[case]
    with pytest.raises(SpecError) as caught:
        load(raw)
    faults = [fault for fault in caught.value.faults if fault.path == path]
    assert faults, str(caught.value)
    assert said in str(faults[0])
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 2000


def test_every_fault_is_listed_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        load({"kind": "knapsack", "values": ["a"], "capacity": -1, "colour": 1})
    assert {fault.path for fault in caught.value.faults} == {"values", "weights", "capacity", "colour"}
    assert all(fault.message and fault.remedy for fault in caught.value.faults)


TOML = b'kind = "knapsack"\nvalues = [1, 2]\nweights = [1, 2]\ncapacity = 3\n'
JSON = json.dumps(GOOD).encode()

TEXTS = {
    "empty": ("a.toml", b"", "kind: missing"),
    "truncated TOML": ("a.toml", TOML[:35], "is the file whole?"),
    "truncated JSON": ("a.json", JSON[:-10], "is the file whole?"),
    "a list": ("a.json", b"[1, 2, 3]", "a table of fields"),
    "binary": ("a.toml", bytes(range(256)), "not text"),
    "latin-1": ("a.toml", b'kind = "knapsack"\nnames = ["caf\xe9"]\n', "not text"),
    "UTF-16": ("a.toml", TOML.decode().encode("utf-16"), "not text"),
    "NUL bytes": ("a.toml", b"\0" * 100, "not a spec"),
    "field twice in TOML": ("a.toml", TOML + b"capacity = 4\n", "Cannot overwrite a value"),
    "field twice in JSON": ("a.json", JSON[:-1] + b', "capacity": 4}', "'capacity' comes twice"),
    "JSON's NaN": ("a.json", JSON.replace(b"3}", b"NaN}"), "capacity: nan is not a finite number"),
    "TOML's infinity": ("a.toml", TOML.replace(b"= 3", b"= inf"), "capacity: inf is not a finite number"),
    "TOML's date": ("a.toml", TOML.replace(b"= 3", b"= 2020-01-01"), "capacity: expected an array of numbers"),
    "depth bomb in JSON": ("a.json", b"[" * 100_000, "nested too deep"),
    "depth bomb in TOML": ("a.toml", b"a = " + b"[" * 100_000, "nested too deep"),
    "an integer of 5,000 digits": ("a.json", JSON.replace(b"3}", b"9" * 5000 + b"}"), "not a spec"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts(case: str, tmp_path: Path) -> None:
    name, content, said = TEXTS[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load(tmp_path / name)
    assert said in str(caught.value)
    assert name in caught.value.source


def test_a_hundred_megabytes_are_refused_without_reading(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(SpecError, match="100 MB of text"):
        load(path)
    with pytest.raises(SpecError, match="MB of text"):
        parse_spec(" " * (MAX_SPEC_BYTES + 1), "stdin")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "no.toml", "no such file"), (tmp_path, "folder"), (Path("x" * 5000), "can't be")):
        with pytest.raises(SpecError, match=said):
            load(path)


def _csv(text: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text) and None


def _truncated_gz(path: Path) -> None:
    path.write_bytes(gzip.compress(b"profit,kg\n" + b"1,2\n" * 1000)[:-20])


def _broken_gz(path: Path) -> None:
    whole = bytearray(gzip.compress(b"profit,kg\n" + b"1,2\n" * 1000))
    whole[15:25] = b"\xff" * 10
    path.write_bytes(whole)


def _truncated_npz(path: Path) -> None:
    np.savez(path, profit=np.arange(1000), kg=np.arange(1000))
    path.write_bytes(path.read_bytes()[:-500])


def _pickled_npz(path: Path) -> None:
    np.savez(path, profit=np.array([1, "a", None], dtype=object), kg=np.arange(3))


def _bad_crc_npz(path: Path) -> None:
    np.savez(path, profit=np.arange(1000), kg=np.arange(1000))
    whole = bytearray(path.read_bytes())
    whole[500] ^= 0xFF
    path.write_bytes(whole)


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


DATA = {
    "column missing": ("d.csv", _csv(b"profit,weight\n1,2\n"), "weights: no column 'kg' (columns: profit, weight)"),
    "two columns missing": ("d.csv", _csv(b"a,b\n1,2\n"), "values: no column 'profit'"),
    "column twice": ("d.csv", _csv(b"profit,kg,kg\n1,2,3\n"), "two columns are called 'kg'"),
    "empty": ("d.csv", _csv(b""), "the file is empty"),
    "short row": ("d.csv", _csv(b"profit,kg\n1,2\n3\n"), "line 3 has 1 cells, the header 2"),
    "a cell is text": ("d.csv", _csv(b"profit,kg\n1,2\nx,4\n"), "values: expected a number, got 'x' at index 1"),
    "a cell is empty": ("d.csv", _csv(b"profit,kg\n1,2\n,4\n"), "values: expected a number, got '' at index 1"),
    "a cell is NaN": ("d.csv", _csv(b"profit,kg\n1,2\nnan,4\n"), "values: nan is not a finite number at index 1"),
    "not UTF-8": ("d.csv", _csv(b"profit,kg\n1,\xe9\n"), "can't read 'd.csv'"),
    "truncated gz": ("d.csv.gz", _truncated_gz, "is the file whole?"),
    "broken gz": ("d.csv.gz", _broken_gz, "is the file whole?"),
    "no gz": ("d.csv.gz", _csv(b"profit,kg\n1,2\n"), "can't read 'd.csv.gz'"),
    "truncated npz": ("d.npz", _truncated_npz, "is the file whole?"),
    "garbled npz": ("d.npz", _bad_crc_npz, "can't read 'd.npz'"),
    "pickled npz": ("d.npz", _pickled_npz, "unpickling, which is refused"),
    "text as npz": ("d.npz", _csv(b"profit,kg\n"), "unpickling, which is refused"),
    "a zip of other things": ("d.npz", _other_zip, "no column 'profit' (columns: readme.txt)"),
    "unknown suffix": ("d.xls", _csv(b""), "use .csv, .csv.gz, .npz or .parquet"),
}


@pytest.mark.parametrize("case", DATA)
def test_data_files(case: str, tmp_path: Path) -> None:
    name, write, said = DATA[case]
    write(tmp_path / name)
    spec = tmp_path / "spec.toml"
    spec.write_text(f'kind = "knapsack"\ndata = "{name}"\nvalues = "profit"\nweights = "kg"\ncapacity = 3\n')
    with pytest.raises(SpecError) as caught:
        load(spec)
    assert said in str(caught.value)
    assert str(spec) in str(caught.value)


def test_missing_columns_are_listed_together(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    raw = {"kind": "knapsack", "data": "d.csv", "values": "x", "weights": ["y", "z"], "capacity": [1, 1]}
    with pytest.raises(SpecError) as caught:
        load_with(raw, base=tmp_path)
    assert [fault.path for fault in caught.value.faults] == ["values", "weights", "weights"]


SETTINGS = {
    "unknown field": ({"colour": "3"}, "colour: unknown field"),
    "into a number": ({"capacity.x": "3"}, "capacity is not a table"),
    "into an array": ({"values.0": "3"}, "values is not a table (set values as a whole)"),
    "into an unknown field": ({"colour.red": "3"}, "colour: unknown field"),
    "no name": ({"": "3"}, "a field without a name"),
    "half a name": ({"capacity.": "3"}, "a field without a name"),
    "wrong type": ({"capacity": "large"}, "capacity: expected an array of numbers, got 'large'"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(case: str) -> None:
    settings, said = SETTINGS[case]
    with pytest.raises(SpecError) as caught:
        load_with(GOOD, settings=settings)
    assert said in str(caught.value)


@pytest.mark.parametrize("case", ["truncated TOML", "binary", "depth bomb in JSON", "empty", "JSON's NaN"])
def test_the_command_line_says_so_and_ends_with_2(case: str, tmp_path: Path) -> None:
    name, content, said = TEXTS[case]
    (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-P", "-m", "dualgap", "solve", str(tmp_path / name)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr + ended.stdout
    assert said.split()[0] in ended.stderr
    assert ended.stdout == ""
