"""Counts of ProPublica's COMPAS file by cell: python compas.py FILE > compas.csv

FILE is ``compas-scores-two-years.csv[.gz]``. Kept are the rows of ProPublica's analysis (screened within 30 days of the
arrest, a known outcome, no ordinary traffic offence, a score) of the two largest groups. No row of the result is a
person: it counts the people who agree in sex, age, charge, prior offences, race and new arrest within two years.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

COLUMNS = ("sex", "age", "charge", "priors", "race", "rearrested", "count")


def cell(row: Mapping[str, str]) -> tuple[str, ...] | None:
    """What is kept of a person; None for those who aren't."""
    days, priors = row["days_b_screening_arrest"], int(row["priors_count"])
    if not days or abs(float(days)) > 30 or row["is_recid"] == "-1" or row["c_charge_degree"] == "O":
        return None
    if row["race"] not in ("African-American", "Caucasian") or row["score_text"] in ("", "N/A"):
        return None
    years = int(row["age"])  # the file's own classes of it are off by a year here and there
    age = "under 25" if years < 25 else "25 to 45" if years <= 45 else "over 45"
    charge = {"F": "felony", "M": "misdemeanour"}[row["c_charge_degree"]]
    told = "none" if priors == 0 else "1 to 3" if priors <= 3 else "over 3"
    return row["sex"], age, charge, told, row["race"], "yes" if row["two_year_recid"] == "1" else "no"


def counted(path: Path) -> list[tuple[str, ...]]:
    """The counts of all cells, in order."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        counts = Counter(found for row in csv.DictReader(file) if (found := cell(row)) is not None)
    return [(*key, str(count)) for key, count in sorted(counts.items())]


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(counted(Path(sys.argv[1])))
