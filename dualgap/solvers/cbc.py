"""CBC as PuLP ships it: the executable on an MPS file, its log read for what its status hides.

PuLP 3.3 reports ``Optimal`` when CBC stopped on time, and reads values with eight digits. So the executable is run
here, its status line and log are parsed, and the binary solution file is read.
Source: Forrest and Lougee-Heimer, CBC User Guide (2005).
"""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import BackendMissingError, UsageError
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import Multipliers, Witness
from dualgap.solvers.floats import holds, lossy
from dualgap.solvers.mps import mps, row_kinds
from dualgap.solvers.relaxation import relax, without_columns
from dualgap.solvers.starting import Beginning, beginning
from dualgap.solvers.watch import INTERVAL

_GRACE = 1.0  # seconds that CBC gets to write its answer after it was interrupted
_TOOK_START = "MIPStart provided solution"  # in its log, and nowhere else
_PRINTED = 1e-3  # the log's bound has three decimals
_STOPS = {
    "Optimal": Stop.FINISHED,
    "Infeasible": Stop.INFEASIBLE,
    "Integer infeasible": Stop.INFEASIBLE,
    "Unbounded": Stop.UNBOUNDED,
    "Stopped on time": Stop.TIME,
    "Stopped on iterations": Stop.ITERATIONS,
    "Stopped on nodes": Stop.ITERATIONS,
    "Stopped on solutions": Stop.ITERATIONS,
}


@dataclass(frozen=True)
class Cbc(Solver):
    """Branch and cut; ``options`` are CBC's own commands with their values (``cuts = "off"``)."""

    name: ClassVar[str] = "cbc@pulp"
    summary: ClassVar[str] = "CBC as PuLP ships it: branch and cut for mixed-integer programs"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("pulp",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.WARM})

    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return lossy(form, infinite=1e20)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        if form.size[0] == 0:
            return without_columns(form)
        executable = _executable()
        _check_options(executable, self.options)
        relaxed = relax(form, ctx) if form.integer.any() else None
        begin = beginning(form, ctx)
        claim = self._run(executable, form, ctx, begin)
        if claim.stop is Stop.UNBOUNDED and relaxed is not None:
            # CBC looks at the relaxation only. With rational data any point at all makes it true (Meyer 1974).
            claim = self._run(executable, replace(form, cost=np.zeros(form.size[0])), ctx, begin)
            claim = replace(claim, stop=Stop.UNBOUNDED if claim.feasible else claim.stop, value=None, bound=None)
        return claim if relaxed is None else replace(claim, witness=relaxed.supports(claim.stop))

    def _run(self, executable: str, form: MixedIntegerProgram, ctx: Context, begin: Beginning) -> Claim:
        with tempfile.TemporaryDirectory(prefix="dualgap-cbc-") as name:
            folder = Path(name)
            (folder / "model.mps").write_text(mps(form))
            if begin.point is not None:
                (folder / "start").write_text(_start(begin.point))
            with open(folder / "log", "wb") as log:
                _wait(subprocess.Popen(self._command(executable, ctx, begin), cwd=folder, stdout=log, stderr=log), ctx)
            said = (folder / "log").read_text(errors="replace")
            if ctx.verbose:
                sys.stdout.write(said)
            return begin.confirmed("CBC", _TOOK_START in said, _claim(form, folder, said, ctx))

    def _command(self, executable: str, ctx: Context, begin: Beginning) -> list[str]:
        commands: Mapping[str, Any] = {
            "timeMode": "elapsed",
            "sec": max(ctx.time_left(), 0.01),
            "ratio": ctx.budget.gap,
            "randomSeed": ctx.seed % 2**31,
            "randomCbcSeed": ctx.seed % 2**31,
            **({"threads": ctx.budget.threads} if ctx.budget.threads > 1 else {}),
            **({"mipstart": "start"} if begin.point is not None else {}),
            **self.options,
        }
        given = [part for option, value in commands.items() for part in (f"-{option}", _written(value))]
        return [executable, "model.mps", *given, "-solve", "-solution", "text", "-saveSolution", "binary"]


def _executable() -> str:
    from pulp.apis import PULP_CBC_CMD

    path = Path(PULP_CBC_CMD.pulp_cbc_path).resolve()
    if not os.access(path, os.X_OK):
        raise BackendMissingError("this PuLP ships no CBC for this machine; take highs")
    return str(path)


def _written(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _check_options(executable: str, options: Options) -> None:
    """CBC passes over what it doesn't understand; here that is an error.

    Raises:
        UsageError: an unknown option, or a value that it doesn't take.
    """
    for option, value in options.items():
        command = [executable, f"-{option}", _written(value), "-quit"]
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout
        if re.search(r"(No match|Multiple matches|Short match) for (?!quit)", said) and f"for {option}" in said:
            raise UsageError(f"CBC has no option {option!r}; run it with '-?' for the list")
        if re.search(r"No match|is illegal|Possible options for", said):
            raise UsageError(f"CBC option {option} can't be {value!r}")


def _start(point: np.ndarray) -> str:
    """A solution file as CBC reads it back."""
    lines = (f"{j} c{j} {value!r} 0" for j, value in enumerate(point.tolist()))
    return "\n".join(["Stopped on time - objective value 0", *lines, ""])


def _wait(process: subprocess.Popen[bytes], ctx: Context) -> None:
    """Until CBC ends; when the run should stop, it is interrupted (then it writes its answer), and at last killed."""
    interrupted: float | None = None
    try:
        while process.poll() is None:
            try:
                process.wait(INTERVAL)
            except subprocess.TimeoutExpired:
                if interrupted is None and ctx.should_stop():
                    interrupted = time.monotonic()
                    process.send_signal(signal.SIGINT)
                if interrupted is not None and time.monotonic() > interrupted + _GRACE:
                    process.kill()
    finally:
        process.kill()
        process.wait()


def _claim(form: MixedIntegerProgram, folder: Path, said: str, ctx: Context) -> Claim:
    if not (folder / "text").is_file() or not (folder / "binary").is_file():
        stop = Stop.TIME if ctx.should_stop() else Stop.ERROR
        lines = said.strip().splitlines()
        return Claim(stop=stop, message=f"CBC ended without an answer: {lines[-1] if lines else 'no output'}")
    with open(folder / "text") as text:
        status = text.readline()
    ended = status.split(" - ")[0].split(" (")[0].strip()
    stop = _STOPS.get(ended, Stop.ERROR)
    if stop is Stop.ITERATIONS and ctx.should_stop():
        stop = Stop.TIME  # an interrupt counts as a limit of iterations
    point, row_duals = _solution(form, folder / "binary")
    point[form.integer] = np.rint(point[form.integer])  # CBC meets integrality within 1e-6
    stopped = stop in (Stop.TIME, Stop.ITERATIONS) and "no integer solution" not in status and holds(form, point)
    found = stop is Stop.FINISHED or stopped
    value = form.objective(point) if found else None
    return Claim(
        point=point if found else None,
        feasible=found,
        stop=stop,
        value=value,
        bound=_bound(form, said, stop, value),
        witness=_duals(form, row_duals) if stop is Stop.FINISHED and not form.integer.any() else None,
        statistics={"nodes": int(nodes[1])} if (nodes := re.search(r"Enumerated nodes:\s+(\d+)", said)) else {},
        message=f"CBC: {ended}" if stop is Stop.ERROR else "",
    )


def _solution(form: MixedIntegerProgram, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(n,) column values and the duals of the file's rows, in full precision."""
    data = path.read_bytes()
    rows, columns, _ = struct.unpack_from("<iid", data)
    values = np.frombuffer(data, dtype="<f8", offset=16)
    return values[2 * rows : 2 * rows + columns].astype(np.float64), values[rows : 2 * rows].astype(np.float64)


def _bound(form: MixedIntegerProgram, said: str, stop: Stop, value: float | None) -> float | None:
    """The log's bound, which CBC prints when it stopped before the gap was closed; the value where it closed it."""
    printed = re.search(r"^Lower bound:\s+(\S+)", said, re.MULTILINE)
    if printed is not None and stop in (Stop.FINISHED, Stop.TIME, Stop.ITERATIONS):
        bound = float(printed[1]) - _PRINTED
        return bound + form.offset if -1e30 < bound < 1e30 else None
    return value if stop is Stop.FINISHED else None


def _duals(form: MixedIntegerProgram, row_duals: np.ndarray) -> Witness:
    """Multipliers of the form's rows: a pair of rows adds up, as at most one side of it is tight."""
    owners = [i for i, kind in enumerate(row_kinds(form)) for _ in range({"R": 2, "N": 0}.get(kind, 1))]
    duals = np.zeros(form.size[1])
    np.add.at(duals, owners, row_duals)
    return Multipliers(rows=duals)
