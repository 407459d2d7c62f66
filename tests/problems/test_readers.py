"""Knapsack files of the field: small ones by hand, and all the real ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dualgap import Knapsack, load
from dualgap.core.errors import SpecError
from dualgap.problems.knapsack.readers import read_instance, read_jooken, read_kp, read_mknap

KP = "\n3\n10\n\n6 5\n5 4\n4 3\n"
JOOKEN = "3\n0 6 5\n7 5 4\n2 4 3\n10\n"
MKNAP = "2\n3 2 12\n6 5 4\n5 4 3  1 1\n2\n10 3\n2 1 0\n8 9\n3 4\n5\n"


Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file, compressed where its name says so."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return written


@pytest.mark.parametrize("name", ["a.kp", "a.kp.gz"])
def test_kplib(write: Write, name: str) -> None:
    problem = load(write(name, KP))
    assert problem == Knapsack(values=[6, 5, 4], weights=[5, 4, 3], capacity=10)


@pytest.mark.parametrize("name", ["a.in", "a.in.gz"])
def test_jooken_keeps_the_ids(write: Write, name: str) -> None:
    problem = load(write(name, JOOKEN))
    assert problem == Knapsack(values=[6, 5, 4], weights=[5, 4, 3], capacity=10, names=["0", "7", "2"])


def test_mknap_counts_instances_from_one(write: Write) -> None:
    path = write("mknap.txt", MKNAP)
    first, second = (load({"kind": "knapsack", "file": str(path), "instance": k}) for k in (1, 2))
    assert first == Knapsack(values=[6, 5, 4], weights=[[5, 4, 3], [1, 1, 2]], capacity=[10, 3])
    assert second == Knapsack(values=[8, 9], weights=[[3, 4]], capacity=[5])
    assert load({"kind": "knapsack", "file": str(path)}) == first


def test_decimals_in_files_are_exact(write: Write) -> None:
    raw = read_kp(write("a.kp", "2\n0.3\n1.5 0.1\n2 0.2\n"))
    assert raw["weights"] == [Decimal("0.1"), Decimal("0.2")]
    both = Knapsack.answer_type(counts=np.array([1, 1]))
    assert not load(raw).evaluate(both).violations


def test_a_spec_may_say_more_than_its_file(write: Write) -> None:
    path = write("items.list", KP)
    problem = load({"kind": "knapsack", "file": str(path), "format": "kp", "capacity": 4, "copies": 2})
    assert (problem.capacity.tolist(), problem.copies) == ([4], 2)


FAULTS = {
    "empty": ("a.kp", "", "line 1: the file is empty"),
    "truncated": ("a.kp", KP[:-6], "line 6: the file ends within value and weight (is the file whole?)"),
    "half a line": ("a.kp", "2\n10\n6 5\n5\n", "line 4: the file ends within value and weight"),
    "garbled": ("a.kp", KP.replace("5 4", "5 x"), "line 6: 'x' is not a number (value and weight)"),
    "too long": ("a.kp", KP + "1 1\n", "line 8: the file goes on after the last item"),
    "no items": ("a.kp", "0\n10\n", "line 1: the number of items is 0"),
    "fractional size": ("a.kp", "1.5\n10\n", "line 1: the number of items is 1.5"),
    "capacity missing": ("a.in", JOOKEN[:-3], "line 4: the file ends within the capacity"),
    "mknap truncated": ("a.txt", MKNAP[:-8], "the file ends within"),
    "negative weight": ("a.kp", KP.replace("6 5", "6 -5"), "weights: negative weight at index 0"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_name_file_line_and_remedy(write: Write, case: str) -> None:
    name, text, said = FAULTS[case]
    path = write(name, text)
    spec = {"kind": "knapsack", "file": str(path), "instance": 2} if name == "a.txt" else path
    with pytest.raises(SpecError) as caught:
        load(spec)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert all(fault.remedy for fault in caught.value.faults)


def test_broken_archives_and_wrong_requests(write: Write, tmp_path: Path) -> None:
    (tmp_path / "cut.kp.gz").write_bytes(gzip.compress(KP.encode() * 99)[:-9])
    (tmp_path / "no.kp.gz").write_bytes(b"3\n10\n")
    (tmp_path / "bytes.kp").write_bytes(bytes(range(128, 256)))
    for name in ("cut.kp.gz", "no.kp.gz", "bytes.kp"):
        with pytest.raises(SpecError, match="can't be read"):
            read_kp(tmp_path / name)
    mknap, kp = write("m.txt", MKNAP), write("a.kp", KP)
    for instance in (0, 3, "1", True, 1.0):
        with pytest.raises(SpecError, match="1 to 2"):
            read_mknap(mknap, instance)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="one instance"):
        read_instance(kp, None, 2)
    with pytest.raises(SpecError, match="one of: kp, jooken, mknap"):
        read_instance(kp, "kpx")
    with pytest.raises(SpecError, match="doesn't say its format"):
        read_instance(write("a.dta", KP))


@pytest.mark.shared_data
def test_every_kplib_file(shared_data: Path) -> None:
    files = sorted((shared_data / "knapsack/kplib").glob("*.kp.gz"))
    assert len(files) == 78
    for path in files:
        raw = read_kp(path)
        size, spread = (int(part[1:]) for part in path.name.split("_")[1:3])
        values, weights = np.array(raw["values"]), np.array(raw["weights"])
        assert len(values) == len(weights) == size
        assert 0 < raw["capacity"] < weights.sum()
        family = path.name[:2]
        if family in ("02", "03"):
            assert (values - weights == (spread if family == "02" else -spread) // 10).all()
        elif family == "05":
            assert (values == weights).all()
        elif family == "10":
            assert (values - weights == np.where(weights % 6 == 0, 3, 2) * spread // 10).all()


@pytest.mark.shared_data
def test_every_jooken_file(shared_data: Path) -> None:
    files = sorted((shared_data / "knapsack/jooken").glob("*.in.gz"))
    assert len(files) == 36
    for path in files:
        raw = read_jooken(path)
        parts = path.name.split("_")
        assert len(raw["values"]) == len(raw["weights"]) == len(raw["names"]) == int(parts[1])
        assert raw["capacity"] == int(parts[3])


@pytest.mark.shared_data
@pytest.mark.parametrize(("file", "rows", "items"), [("mknapcb1", 5, 100), ("mknapcb5", 10, 250)])
def test_every_or_library_instance(shared_data: Path, file: str, rows: int, items: int) -> None:
    path = shared_data / f"knapsack/mknapcb/{file}.txt.gz"
    for instance in range(1, 31):
        problem = load({"kind": "knapsack", "file": str(path), "instance": instance})
        assert problem.weights.shape == (rows, items)
        ratio = problem.capacity / problem.weights.sum(axis=1)
        assert np.allclose(ratio, 0.25 * ((instance - 1) // 10 + 1), atol=1e-3)
    with pytest.raises(SpecError, match="1 to 30"):
        read_mknap(path, 31)
