"""Fair prompts: what adversaries find of the worst prompt, and what training against them does to it.

The plugin of ``examples/plugins/dualgap-prompts``; 2,000 people from its table, 16 words, 3 to a prompt: 4,096 prompts,
networks of several seeds. The worst prompt is known by enumeration throughout, also after training. Ratios and hits are
over networks and five seeds of each adversary, all else medians over networks. ``--quick`` takes 8 words, 2 to a
prompt, two networks and three ways of training; the whole has UCI Adult, too, where it is in ``../shared/data``.
"""

from __future__ import annotations

import csv
import gzip
import statistics
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main

import dualgap

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples" / "plugins" / "dualgap-prompts"))

from dualgap_prompts.attack import PromptAttack
from dualgap_prompts.minmax import ROW, PromptMinmax
from dualgap_prompts.search import Coordinate, Enumeration, Gumbel, GumbelSoft, Random
from dualgap_prompts.tuning import Lora, LoraDual

ATTACKS = {
    "Gumbel": Gumbel(),
    "Gumbel, 1 start": Gumbel(starts=1),
    "Gumbel, soft": GumbelSoft(),
    "Gumbel, soft, 1 start": GumbelSoft(starts=1),
    "coordinate ascent, 1 start": Coordinate(),
    "coordinate ascent, 8 starts": Coordinate(starts=8),
    "random, 200": Random(),
}
TRAINED = {
    "no adversary": Lora(adversary="none"),
    "no adversary, averaged": Lora(adversary="none", average=True),
    "random prompts": Lora(adversary="random"),
    "coordinate ascent": Lora(adversary="coordinate"),
    "Gumbel": Lora(),
    "Gumbel, averaged": Lora(average=True),
    "Gumbel, soft": Lora(adversary="gumbel-soft"),
    "exact": Lora(adversary="exact"),
    "Gumbel, dual": LoraDual(),
    "Gumbel, dual, averaged": LoraDual(average=True),
    "exact, dual": LoraDual(adversary="exact"),
}
FEW = ("no adversary", "Gumbel", "exact, dual")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "fairness" / "adult.csv.gz"
CUT, POINTS, RATIO, HIT = 20.0, 3.0, 0.98, 1 - 1e-6
MEASURES = ("accuracy", "demographic parity", "equalised odds", "counterfactual flips")


def metrics(problem: dualgap.Problem, solver: dualgap.Solver, seed: int = 0) -> dict[str, Any]:
    """Of a run: its measures, recomputed by the problem, its gap and its seconds."""
    run = dualgap.solve(problem, solver, seed=seed, isolate=False, time=600)
    assert run.certificate is not None
    found = dict(run.certificate.metrics["all"])
    return {**found, "gap": run.certificate.relative_gap, "seconds": run.seconds["solve"], **run.statistics}


def attacks(networks: list[dict[str, Any]], seeds: int) -> Iterable[Row]:
    problems = [PromptAttack.generate(**network) for network in networks]
    runs = [metrics(problem, Enumeration()) for problem in problems]
    exact = statistics.median(run["seconds"] for run in runs)
    yield Row(f"attack, exact: {problems[0].shape.prompts:,} prompts, the first compiles", exact)
    for name, solver in ATTACKS.items():
        found = [metrics(problem, solver, seed) for problem in problems for seed in range(seeds)]
        ratios = [run["ratio to exact"] for run in found]
        target = RATIO if name == "Gumbel" else None
        yield Row(f"attack, {name}: mean ratio to exact", statistics.mean(ratios), "", target, at_least=True)
        yield Row(f"attack, {name}: least ratio", min(ratios), "")
        yield Row(f"attack, {name}: hit rate", statistics.mean(ratio >= HIT for ratio in ratios), "")
        yield Row(f"attack, {name}: prompts looked at", statistics.median(run["evaluations"] for run in found), "")
        yield Row(f"attack, {name}: time", statistics.median(run["seconds"] for run in found))


def training(networks: list[dict[str, Any]], names: Iterable[str]) -> Iterable[Row]:
    problems = [PromptMinmax.generate(**network) for network in networks]
    plain = [metrics(problem, TRAINED["no adversary"]) for problem in problems]
    for name in names:
        found = [metrics(problem, TRAINED[name]) for problem in problems] if name != "no adversary" else plain
        yield Row(f"training, {name}: {ROW}", statistics.median(run[ROW] for run in found), "")
        if not name.startswith("no adversary"):
            pairs = list(zip(plain, found))
            cut = statistics.median(before[ROW] / after[ROW] for before, after in pairs)
            lost = statistics.median(100 * (before["accuracy"] - after["accuracy"]) for before, after in pairs)
            aimed = name not in ("random prompts", "coordinate ascent")
            yield Row(f"training, {name}: cut of it", cut, "x", CUT if aimed else None, at_least=True)
            yield Row(f"training, {name}: accuracy lost there", lost, "points", POINTS if aimed else None)
        for measure in MEASURES:
            yield Row(f"training, {name}: {measure} there", statistics.median(run[measure] for run in found), "")
        if isinstance(TRAINED[name], LoraDual):
            yield Row(f"training, {name}: certified gap", statistics.median(100 * run["gap"] for run in found), "%")
        yield Row(f"training, {name}: time", statistics.median(run["seconds"] for run in found))


def adult() -> dict[str, Any] | None:
    """3,000 people of Adult's training split, age, schooling and hours in thirds; None where the file isn't there."""
    if not SHARED.is_file():
        return None
    with gzip.open(SHARED, "rt", encoding="utf-8") as file:
        table = [row for row in csv.DictReader(file) if row["split"] == "train"][:3000]
    columns = [[int(row["sex"] == "Male") for row in table]]
    for name in ("age", "education-num", "hours-per-week"):
        numbers = np.array([float(row[name]) for row in table])
        columns.append(np.searchsorted(np.quantile(numbers, [1 / 3, 2 / 3]), numbers).tolist())
    thirds = {name: (f"low {name}", f"middling {name}", f"high {name}") for name in ("age", "schooling", "hours")}
    labels = [int(row["income"].startswith(">")) for row in table]
    people = np.array(columns).T
    return {"people": people, "labels": labels, "attributes": {"sex": ("woman", "man"), **thirds}, "group": "sex"}


def on_adult() -> Iterable[Row]:
    given = adult()
    if given is None:
        yield Row("Adult: not beside the checkout", None)
        return
    networks = [{"size": 1, "seed": seed, "vocabulary": 16, "length": 3, **given} for seed in range(3)]
    for row in training(networks, ("no adversary", "Gumbel", "exact, dual")):
        yield replace(row, what=f"Adult, {row.what}")


def rows(quick: bool) -> Iterable[Row]:
    sizes = {"size": 2000, "vocabulary": 8, "length": 2} if quick else {"size": 2000, "vocabulary": 16, "length": 3}
    networks = [{**sizes, "seed": seed} for seed in range(2 if quick else 5)]
    yield from attacks(networks, 5)
    yield from training(networks, FEW if quick else TRAINED)
    if not quick:
        yield from on_adult()


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
