"""What ``dualgap doctor`` looks at. Every check really does the thing that it is about."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from dualgap.core.errors import DualgapError
from dualgap.core.problem import Problem
from dualgap.engine.environment import cache_folder
from dualgap.engine.prepare import prepare
from dualgap.engine.routes import routes
from dualgap.engine.run import Run
from dualgap.engine.solve import solve
from dualgap.plugins.entries import Entry
from dualgap.plugins.registry import BUILT_IN, registry
from dualgap.problems.concept_erasure import ConceptErasure
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.knapsack import Knapsack
from dualgap.problems.unlearning import Unlearning

SECONDS = 30.0  # for one solver on its tiny problem, imports and compilation included
WORKED = Knapsack.model_validate({"values": [60, 100, 120], "weights": [10, 20, 30], "capacity": 50})
SIZE, SEED = 3, 0  # of the tiny problems that are generated
ROUNDS = 4
SIDE_BY_SIDE = {"ortools": "ortools.sat.python.cp_model", "highspy": "highspy"}
_CLASH = "pip install 'ortools>=9.15,<9.16' 'highspy>=1.14,<1.15'; see google/or-tools#5246"


@dataclass(frozen=True)
class Finding:
    """One check: what it is about, whether it passed, what was seen, what to do."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def findings() -> Iterator[Finding]:
    """Every check, one after the other."""
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform()}, {sys.executable}")
    yield from dependencies()
    yield from imports()
    yield from solvers()
    yield from plugins()  # now that all that they offer has been used
    yield round_trip()
    yield cache()


def dependencies() -> Iterator[Finding]:
    """The versions of what dualgap needs, by its own metadata."""
    for requirement in importlib.metadata.requires("dualgap") or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, False, "not installed", f"pip install '{requirement}'")


def imports() -> Iterator[Finding]:
    """Backends that bundle the same library must be importable in one process, in either order."""
    for first, second in permutations(SIDE_BY_SIDE):
        code = f"import {SIDE_BY_SIDE[first]}; import {SIDE_BY_SIDE[second]}"
        command = [sys.executable, "-c", code]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        last = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
        works = ended.returncode == 0
        yield Finding(f"{first} before {second}", works, "can be imported" if works else last, "" if works else _CLASH)


def plugins() -> Iterator[Finding]:
    """What third-party plugins are here, and their faults."""
    registry().inspect()
    for plugin in registry().plugins.values():
        faults = [fault for fault in (plugin.error, *plugin.clashes) if fault]
        own = plugin.name == BUILT_IN
        remedy = "pip install --force-reinstall dualgap" if own else _leave_out(plugin.name)
        if faults or not own:
            seen = "; ".join(faults) or plugin.version or "works"
            yield Finding(f"plugin {plugin.name}", not faults, seen, remedy if faults else "")


def _leave_out(plugin: str) -> str:
    return f"pip uninstall {plugin}, or list the plugins that you want in DUALGAP_PLUGINS"


def tiny_problems() -> Iterator[Problem]:
    """A small instance of every kind that makes one, plugins' kinds too; each is made when its turn comes."""
    yield WORKED
    for entry in registry().problems.values():
        yield from _generated(entry)
    yield Knapsack.generate(SIZE, SEED, dimensions=2)  # for solvers of several capacities
    yield FairClassifier.generate(4 * SIZE, SEED, metric="covariance")  # for solvers of that
    yield FairClassifier.generate(4 * SIZE, SEED, hypothesis="threshold", group_aware=True)  # scores
    yield ConceptErasure.generate(4 * SIZE, SEED, features=2 * SIZE, rank=1)  # for eigensolvers that need many rows
    yield Unlearning.generate(SIZE, SEED, model="mlp", steps=SIZE, forget=0.3)  # for methods that need hidden units


def _generated(entry: Entry) -> Iterator[Problem]:
    """One, or none where the kind has no generator or its plugin is at fault."""
    try:
        yield entry.resolve().generate(SIZE, SEED)
    except (NotImplementedError, DualgapError):
        return
    except Exception as error:  # a plugin may raise anything; ``plugins`` says so
        entry.owner.blame(error)


def solvers() -> Iterator[Finding]:
    """Every solver runs once, in a worker, on a tiny problem that it takes."""
    for name in registry().solvers:
        yield tried(name)


def tried(name: str) -> Finding:
    """One solver on the first of the tiny problems that it takes."""
    title, remedy = f"solver {name}", f"dualgap solvers info {name}"
    refusals = []
    try:
        solver = prepare(name).instance
    except DualgapError as error:
        return Finding(title, False, str(error), remedy)
    for problem in tiny_problems():
        if routes(problem, solver, registry().all_bridges()):
            began = time.monotonic()
            try:
                run = solve(problem, name, time=SECONDS)
            except DualgapError as error:
                refusals.append(str(error))
                continue
            return _judged(title, run, time.monotonic() - began)
    return Finding(title, False, "; ".join(dict.fromkeys(refusals)) or "reaches none of the tiny problems", remedy)


def _judged(title: str, run: Run, seconds: float) -> Finding:
    certificate = run.certificate
    failed = [f"{check.name}: {check.detail}" for check in run.checks if not check.passed]
    if certificate is not None and certificate.feasible and not failed and not run.error:
        return Finding(title, True, f"{certificate.verdict} in {seconds:.2f} s")
    seen = "; ".join([certificate.statement if certificate is not None else run.message, *failed])
    return Finding(title, False, seen, "pip install --force-reinstall its package; dualgap solve --log - shows its log")


def round_trip() -> Finding:
    """The way to a warm worker and back."""
    spent = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        try:
            run = solve(WORKED, "greedy", time=SECONDS)
        except DualgapError as error:
            return Finding("worker", False, str(error), "dualgap solvers info greedy")
        spent.append(time.monotonic() - began)
        if run.error:
            return Finding("worker", False, run.error.strip().splitlines()[-1], "is this Python able to start another?")
    return Finding("worker", True, f"there and back in {1000 * min(spent):.1f} ms when warm")


def cache() -> Finding:
    """Compiled programs are kept here between runs."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("cache", False, f"{folder}: {error.strerror}", "make it writable, or set XDG_CACHE_HOME")
    return Finding("cache", True, f"{folder}, {_size(folder) / 2**20:.1f} MB")


def _size(folder: Path) -> int:
    return sum(os.path.getsize(Path(root) / name) for root, _, names in os.walk(folder) for name in names)
