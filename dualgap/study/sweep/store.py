"""The store of runs: one SQLite file, one transaction a run.

It is in write-ahead mode, so that a process that is killed loses the runs in flight and nothing else, and that several
sweeps may write and reports read it at the same time (not over a network file system, which SQLite's locks don't
survive). Each run is kept whole, as compressed JSON with its large arrays beside it; what tables ask for stands in
columns.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dualgap.core.errors import UsageError
from dualgap.core.exact import nearest
from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.schema import COLUMNS, migrate

_PATIENCE = 60.0  # seconds that a writer waits for another one's transaction
_PAUSE = 0.01  # seconds until the next try
_BATCH = 500  # keys in one question
_MADE = "NOT (error != '' AND stop = '')"


class Store:
    """Runs by key. Opened with ``Store.open``; a context manager."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @staticmethod
    def open(path: Path, *, create: bool = True) -> Store:
        """The store in a file, brought to this version's schema.

        Raises:
            UsageError: there is none, it is no store, or it is of a newer version.
        """
        if not create and not path.is_file():
            raise UsageError(f"no store {path}: dualgap sweep PLAN.toml --store {path} makes one")
        try:
            connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            try:
                _log_ahead(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                migrate(connection, path)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise UsageError(f"can't use {path} as a store: {error}; name another file") from None
        return Store(connection, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Merges the write-ahead log where nobody else reads, and closes the file."""
        self._connection.close()

    def __len__(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        return count

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys whose runs the store has.

        A run whose worker was lost, or that failed outside its solver, doesn't count: it can be made elsewhere.
        """
        found: set[str] = set()
        for first in range(0, len(keys), _BATCH):
            part = keys[first : first + _BATCH]
            marks = ", ".join("?" * len(part))
            found.update(
                row[0]
                for row in self._connection.execute(f"SELECT key FROM runs WHERE {_MADE} AND key IN ({marks})", part)
            )
        return found

    def add(self, outcome: Outcome, sweep: str) -> None:
        """Keeps a run, in place of an earlier one under its key."""
        row = {**_row(outcome, sweep), "run": zlib.compress(json.dumps(outcome.run, ensure_ascii=False).encode())}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        arrays = [(outcome.key, sha256, zlib.compress(npy)) for sha256, npy in outcome.arrays.items()]
        with self._transaction():
            self._connection.execute(f"INSERT OR REPLACE INTO runs ({names}) VALUES ({marks})", row)
            self._connection.execute("DELETE FROM arrays WHERE key = ?", [outcome.key])
            self._connection.executemany("INSERT INTO arrays VALUES (?, ?, ?)", arrays)

    def rows(self, where: str = "", values: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """The columns of all runs, or of those that an SQL condition with ``?`` for the values holds for."""
        condition = f" WHERE {where}" if where else ""
        order = " ORDER BY kind, instance, problem, label, solver, parameters, budget, seed, key"
        for row in self._connection.execute(f"SELECT {', '.join(COLUMNS)} FROM runs{condition}{order}", values):
            yield dict(zip(COLUMNS, row))

    def run(self, key: str) -> dict[str, Any]:
        """The whole run under a key, as JSON data; large arrays are ``{"$sidecar": SHA-256}`` as in a saved run.

        Raises:
            UsageError: there is none.
        """
        found = self._connection.execute("SELECT run FROM runs WHERE key = ?", [key]).fetchone()
        if found is None:
            raise UsageError(f"{self.path} has no run {key}")
        data: dict[str, Any] = json.loads(zlib.decompress(found[0]))
        return data

    def save_run(self, key: str, path: Path) -> None:
        """Writes a run as ``solve -o`` does: the JSON file whole or not at all, its large arrays beside it.

        Raises:
            UsageError: there is none under the key.
        """
        text = json.dumps(self.run(key), ensure_ascii=False, allow_nan=False, indent=1)
        arrays = self._connection.execute("SELECT sha256, npy FROM arrays WHERE key = ?", [key]).fetchall()
        folder = path.with_suffix(".arrays")
        if arrays:
            folder.mkdir(parents=True, exist_ok=True)
        for sha256, npy in arrays:
            (folder / f"{sha256}.npy").write_bytes(zlib.decompress(npy))
        partial = path.with_name(path.name + ".partial")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(path)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Write-ahead mode. Here SQLite doesn't wait for others that open the file, whatever its timeout is."""
    patient = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patient:
                raise
            time.sleep(_PAUSE)


def _row(outcome: Outcome, sweep: str) -> dict[str, Any]:
    run = outcome.run
    certificate = run.get("certificate") or {}
    seconds = run.get("seconds") or {}
    verdict = certificate.get("verdict") or ("refused" if run.get("refused") else "error")
    return {
        "key": outcome.key,
        "sweep": sweep,
        "kind": run["problem"]["kind"],
        "problem": run["problem"]["hash"],
        "instance": outcome.instance,
        "size": outcome.size,
        "solver": run["solver"],
        "label": run.get("label") or run["solver"],
        "parameters": _text(run.get("parameters") or {}),
        "budget": _text(run.get("budget") or {}),
        "seed": run.get("seed", 0),
        "verdict": verdict,
        "feasible": int(certificate.get("value") is not None and verdict not in ("violated", "nothing")),
        "value": _number(certificate.get("value")),
        "bound": _number(certificate.get("bound")),
        "evidence": certificate.get("evidence") or "none",
        "relative_gap": _number(certificate.get("relative_gap")),
        "stop": run.get("stop") or "",
        "refused": run.get("refused") or "",
        "error": run.get("error") or "",
        "seconds": float(seconds.get("total", 0.0)),
        "solve_seconds": float(seconds.get("solve", 0.0)),
        "compile_seconds": float(seconds.get("compile", 0.0)),
        "verify_seconds": float(seconds.get("verify", 0.0)),
        "peak_memory": int(run.get("peak_memory") or 0),
        "versions": _text(run.get("versions") or {}),
        "machine": _text(outcome.machine),
        "began": outcome.began,
        "worker": outcome.worker,
        "attempts": outcome.attempts,
    }


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _number(value: Any) -> float | None:
    """A number of a run's JSON, where infinities are texts."""
    return None if value is None else nearest(float(value)) if isinstance(value, str) else float(value)
