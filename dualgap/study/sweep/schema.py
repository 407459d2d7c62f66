"""The tables of a store, and how older ones are brought to this version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dualgap.core.errors import UsageError

SCHEMA_VERSION = 2
COLUMNS = (
    "key",
    "sweep",
    "kind",
    "problem",
    "instance",
    "size",
    "solver",
    "label",
    "parameters",
    "budget",
    "seed",
    "verdict",
    "feasible",
    "value",
    "bound",
    "evidence",
    "relative_gap",
    "stop",
    "refused",
    "error",
    "seconds",
    "solve_seconds",
    "compile_seconds",
    "verify_seconds",
    "peak_memory",
    "versions",
    "machine",
    "began",
    "worker",
    "attempts",
)
"""What the table has beside the whole run."""

_MIGRATIONS = (
    """
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
    """,
    """
    CREATE TABLE arrays (
        key TEXT NOT NULL, sha256 TEXT NOT NULL, npy BLOB NOT NULL, PRIMARY KEY (key, sha256)
    ) WITHOUT ROWID;
    """,
)
"""One text for each version of the schema, applied in order to stores of the version before."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings a store's schema to this version, one transaction for each step.

    Raises:
        UsageError: it is of a newer version, or somebody else's database.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "runs" not in tables:
        raise UsageError(f"{path} is a database of something else: name another file for the store")
    while True:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise UsageError(f"{path} is a store of version {version}, newer than {SCHEMA_VERSION}: update dualgap")
        if version == SCHEMA_VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0] == version:  # nobody was quicker
                for statement in filter(str.strip, _MIGRATIONS[version].split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
