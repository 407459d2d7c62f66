"""The data sets of the fairness benchmark as specs: COMPAS, German credit and Adult, where their files are."""

from __future__ import annotations

import csv
import gzip
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import dualgap
from dualgap.problems.fair_classifier import FairClassifier

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "fairness"
_RACES = ("African-American", "Caucasian")
_FEMALE = ("A92", "A95")  # of German credit's "personal status and sex"


def people(name: str, *, seed: int = 0, **fields: Any) -> FairClassifier:
    """A data set; COMPAS and German credit with 30 % drawn for testing, Adult with its own test file at seed 0."""
    split = {"test": 0.3, "seed": seed}
    if name == "adult":
        spec: dict[str, Any] = {"data": str(DATA / "adult.csv.gz"), "sensitive": ["sex"], "missing": "category"}
        spec |= {"label": {"column": "income", "positive": ">50K"}, "drop": ["fnlwgt"]}
        spec |= {"split": {"column": "split"}} if seed == 0 else {"split": split, "drop": ["fnlwgt", "split"]}
    elif name == "german":
        spec = {"data": str(german()), "sensitive": ["sex"], "label": {"column": "credit", "positive": "good"}}
        spec["split"] = split
    else:
        spec = {"data": str(compas()), "sensitive": ["race"], "label": {"column": "two_year_recid", "positive": "1"}}
        spec["split"] = split
    problem = dualgap.load({"kind": "fair-classifier", "hypothesis": "linear", **spec, **fields})
    assert isinstance(problem, FairClassifier)
    return problem


@cache
def folder() -> Path:
    """Where the two are written with headers; gone with the process."""
    _kept.append(tempfile.TemporaryDirectory())
    return Path(_kept[-1].name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def german() -> Path:
    """Statlog's file, sex taken out of "personal status and sex"."""
    lines = [line.split() for line in (DATA / "german.data").read_text().splitlines() if line.strip()]
    header = [*(f"a{k + 1}" for k in range(20) if k != 8), "sex", "credit"]
    rows = [
        [*row[:8], *row[9:20], "female" if row[8] in _FEMALE else "male", "good" if row[20] == "1" else "bad"]
        for row in lines
    ]
    return _written("german.csv", header, rows)


@cache
def compas() -> Path:
    """ProPublica's rows: two races, and screened within 30 days of the arrest."""
    with gzip.open(DATA / "compas-two-years-deidentified.csv.gz", "rt", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    kept = [
        row
        for row in found
        if row["race"] in _RACES
        and row["is_recid"] != "-1"
        and row["c_charge_degree"] != "O"
        and row["score_text"] != "N/A"
        and row["days_b_screening_arrest"]
        and abs(float(row["days_b_screening_arrest"])) <= 30
    ]
    header = ["sex", "age", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count", "c_charge_degree"]
    header += ["race", "two_year_recid"]
    return _written("compas.csv", header, [[row[name] for name in header] for row in kept])


def _written(name: str, header: list[str], rows: list[list[str]]) -> Path:
    path = folder() / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path
