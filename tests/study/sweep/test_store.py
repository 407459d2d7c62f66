"""The store: what it keeps, and whom it refuses."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualgap.core.errors import UsageError
from dualgap.core.serialize import from_json
from dualgap.engine.run import Run
from dualgap.study.sweep.cases import Case, Instance, Job, Outcome
from dualgap.study.sweep.export import write_table
from dualgap.study.sweep.perform import perform, written
from dualgap.study.sweep.schema import COLUMNS, SCHEMA_VERSION
from dualgap.study.sweep.store import Store

INSTANCE = Instance(generate=(("kind", "knapsack"), ("seed", 1), ("size", 8)))


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    case = Case(INSTANCE, "dynamic-programming", budget=(("time", 5.0),))
    return perform(Job(case, case.key()))


def test_a_run_is_kept_whole(tmp_path: Path, outcome: Outcome) -> None:
    with Store.open(tmp_path / "runs.db") as store:
        store.add(outcome, "first")
        store.add(outcome, "again")
        assert len(store) == 1
        (row,) = store.rows()
        assert (row["verdict"], row["evidence"], row["kind"]) == ("optimal", "proved", "knapsack")
        assert row["value"] == row["bound"] == outcome.run["certificate"]["value"]
        assert (row["sweep"], row["instance"], row["size"]) == ("again", "knapsack seed=1 size=8", 8)
        assert store.run(outcome.key) == outcome.run
        assert store.known([outcome.key, "other"]) == {outcome.key}
        with pytest.raises(UsageError, match="has no run"):
            store.run("other")


def test_large_arrays_lie_beside_the_run(tmp_path: Path, outcome: Outcome) -> None:
    shares = np.linspace(0.0, 1.0, 20_000)
    data, arrays = written(Run("knapsack", "0", "greedy", answer_data={"shares": shares}))
    assert len(arrays) == 1
    with Store.open(tmp_path / "runs.db") as store:
        for sweep in ("first", "again"):
            store.add(replace(outcome, run=data, arrays=arrays), sweep)
        store.save_run(outcome.key, tmp_path / "run.json")
    saved = from_json(json.loads((tmp_path / "run.json").read_text()), tmp_path / "run.arrays")
    assert (saved["answer"]["shares"] == shares).all()


def test_refusals_and_crashes_are_kept(tmp_path: Path) -> None:
    refused = Case(INSTANCE, "eigh")
    with Store.open(tmp_path / "runs.db") as store:
        store.add(perform(Job(refused, refused.key())), "sweep")
        store.add(perform(Job(Case(Instance(file=str(tmp_path / "none.toml")), "highs"), "none")), "sweep")
        store.add(perform(Job(Case(INSTANCE, "greedy"), "of other versions")), "sweep")
        verdicts = {row["solver"]: (row["verdict"], row["refused"] or row["error"]) for row in store.rows()}
        assert store.known([refused.key(), "none", "of other versions"]) == {refused.key()}
    assert verdicts["eigh"][0] == "refused"
    assert verdicts["highs"][0] == verdicts["greedy"][0] == "error"
    assert "no such file" in verdicts["highs"][1]
    assert "other files or versions" in verdicts["greedy"][1]


def test_keys_tell_what_decides_the_outcome() -> None:
    case = Case(INSTANCE, "highs", budget=(("time", 5.0),))
    others = [
        replace(case, solver="greedy"),
        replace(case, parameters=(("presolve", "off"),)),
        replace(case, budget=(("time", 6.0),)),
        replace(case, seed=1),
        replace(case, instance=Instance(generate=(("kind", "knapsack"), ("seed", 2), ("size", 8)))),
    ]
    assert len({one.key() for one in (case, *others)}) == 6
    assert case.key() == replace(case, label="other").key()


def test_two_writers_at_once(tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "runs.db"

    def write(first: int) -> None:
        with Store.open(path) as store:
            for number in range(first, first + 50):
                store.add(replace(outcome, key=str(number)), "sweep")

    at_once(lambda: write(0), lambda: write(50))
    with Store.open(path) as store:
        assert len(store) == 100


def test_many_make_the_store_at_once(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.db"
        at_once(*[lambda path=path: Store.open(path).close()] * 4)


def at_once(*works: Callable[[], None]) -> None:
    """Begins all of them together; none may raise."""
    ready = threading.Barrier(len(works))

    def join(work: Callable[[], None]) -> None:
        ready.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(join, work) for work in works]:
            done.result()


WRITER = """
import os, signal, sys
from pathlib import Path
from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.store import Store

def kill(statement):
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

run = {"problem": {"kind": "knapsack", "hash": "0"}, "solver": "greedy"}
store = Store.open(Path(sys.argv[1]))
store.add(Outcome("first", run, "instance", None, 0.0, "", arrays={"0": b"npy"}), "sweep")
store._connection.set_trace_callback(kill)
store.add(Outcome("second", run, "instance", None, 0.0, "", arrays={"1": b"npy"}), "sweep")
"""


@pytest.mark.parametrize("statement", ["INSERT OR REPLACE INTO runs", "INSERT INTO arrays", "COMMIT"])
def test_a_writer_that_is_killed_inside_a_transaction(tmp_path: Path, outcome: Outcome, statement: str) -> None:
    path = tmp_path / "runs.db"
    ended = subprocess.run([sys.executable, "-c", WRITER, str(path), statement])
    assert ended.returncode == -signal.SIGKILL
    with Store.open(path) as store:
        assert [row["key"] for row in store.rows()] == ["first"]
        store.add(outcome, "sweep")
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT key FROM arrays").fetchall() == [("first",)]
    connection.close()


FIRST_SCHEMA = """
CREATE TABLE runs (
    key TEXT PRIMARY KEY, sweep TEXT NOT NULL, kind TEXT NOT NULL, problem TEXT NOT NULL, instance TEXT NOT NULL,
    size INTEGER, solver TEXT NOT NULL, label TEXT NOT NULL, parameters TEXT NOT NULL, budget TEXT NOT NULL,
    seed INTEGER NOT NULL, verdict TEXT NOT NULL, feasible INTEGER NOT NULL, value REAL, bound REAL,
    evidence TEXT NOT NULL, relative_gap REAL, stop TEXT NOT NULL, refused TEXT NOT NULL, error TEXT NOT NULL,
    seconds REAL NOT NULL, solve_seconds REAL NOT NULL, compile_seconds REAL NOT NULL, verify_seconds REAL NOT NULL,
    peak_memory INTEGER NOT NULL, versions TEXT NOT NULL, machine TEXT NOT NULL, began REAL NOT NULL,
    worker TEXT NOT NULL, attempts INTEGER NOT NULL, run BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_problem ON runs (problem);
PRAGMA user_version = 1;
"""


def test_an_older_store_is_brought_forward(tmp_path: Path, outcome: Outcome) -> None:
    with Store.open(tmp_path / "now.db") as store:
        store.add(outcome, "sweep")
        (row,) = store.rows()
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.executescript(FIRST_SCHEMA)
    connection.execute("ATTACH ? AS now", [str(tmp_path / "now.db")])
    connection.execute("INSERT INTO main.runs SELECT * FROM now.runs")
    connection.commit()
    connection.close()
    with Store.open(tmp_path / "old.db") as store:
        assert list(store.rows()) == [row]
        assert store.run(outcome.key) == outcome.run
        store.add(replace(outcome, key="other", arrays={"0": b"npy"}), "sweep")
    connection = sqlite3.connect(tmp_path / "old.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


def test_newer_stores_and_other_files_are_left_alone(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    Store.open(newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(UsageError, match="newer"):
        Store.open(newer)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE birds (name TEXT)")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.close()
    with pytest.raises(UsageError, match="something else"):
        Store.open(foreign)
    text = tmp_path / "text.db"
    text.write_text("no database at all, " * 100)
    with pytest.raises(UsageError, match="can't use"):
        Store.open(text)
    assert text.read_text().startswith("no database")
    with pytest.raises(UsageError, match="no store"):
        Store.open(tmp_path / "none.db", create=False)


def test_tables_for_other_tools(tmp_path: Path, outcome: Outcome) -> None:
    with Store.open(tmp_path / "runs.db") as store:
        store.add(outcome, "sweep")
        write_table(store, tmp_path / "runs.csv")
        with (tmp_path / "runs.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == list(COLUMNS)
        assert float(rows[0]["value"]) == outcome.run["certificate"]["value"]
        pandas = pytest.importorskip("pandas")
        pytest.importorskip("pyarrow")
        write_table(store, tmp_path / "runs.parquet")
        assert pandas.read_parquet(tmp_path / "runs.parquet").to_dict("records")[0]["key"] == outcome.key
