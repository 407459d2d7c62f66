"""Plans of sweeps: instances x solvers x parameters x budgets x seeds, as people write them."""

from __future__ import annotations

import glob
import math
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import parsed
from dualgap.study.sweep.cases import Case, Instance
from dualgap.study.sweep.sizes import bytes_of

Scalar = bool | int | float | str


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _seeds(value: Any) -> Any:
    """``"0:10"`` as 0 ... 9."""
    if isinstance(value, str):
        first, colon, end = value.partition(":")
        if colon and first.strip().isdigit() and end.strip().isdigit():
            return list(range(int(first), int(end)))
    return _listed(value)


def _bytes(value: Any) -> Any:
    return bytes_of(value) if isinstance(value, str) else value


Numbers = Annotated[list[Annotated[float, Field(gt=0)]], BeforeValidator(_listed), Field(min_length=1)]
Gaps = Annotated[list[Annotated[float, Field(ge=0)]], BeforeValidator(_listed), Field(min_length=1)]
Seeds = Annotated[list[Annotated[int, Field(ge=0)]], BeforeValidator(_seeds), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Part):
    """A parameter that is drawn: uniformly, or uniformly in its logarithm; whole where both ends are."""

    low: int | float
    high: int | float
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"there is nothing to draw from low = {self.low} to high = {self.high}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        return self

    def draw(self, rng: np.random.Generator) -> int | float:
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        low, high = float(self.low), float(self.high + whole)  # whole numbers are rounded down: each end counts fully
        if self.scale == "log":
            found = math.exp(rng.uniform(math.log(low), math.log(high)))
        else:
            found = float(rng.uniform(low, high))
        return min(max(math.floor(found), int(low)), int(self.high)) if whole else float(f"{found:.6g}")


class Instances(_Part):
    """Where instances come from.

    Attributes:
        file: specs or field files, relative to the plan; ``*``, ``?``, ``[...]`` and ``**`` stand for many.
        generate: a kind and options of its generator; a list stands for each of its entries.
        set: fields that are set besides, by name.
    """

    file: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list)
    generate: Mapping[str, Any] | None = None
    set: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.file) == (self.generate is not None):
            raise ValueError("either file or generate")
        if self.generate is not None and not {"kind", "size"} <= set(self.generate):
            raise ValueError('generate needs a kind and a size: {kind = "knapsack", size = [50, 100], seed = "0:5"}')
        return self


class Solvers(_Part):
    """A solver and what its parameters may be.

    Attributes:
        name: as ``solve -s`` takes it.
        parameters: a value, a list of values (all combinations run), or a range {low, high, scale} to draw from.
        samples: how many combinations are drawn, where there are ranges; lists are drawn from, too.
        seed: of the drawing.
        label: for tables; the name by default.
    """

    name: str
    parameters: Mapping[str, Range | list[Scalar] | Scalar] = Field(default_factory=dict)
    samples: int = Field(0, ge=0)
    seed: int = Field(0, ge=0)
    label: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.samples == 0 and any(isinstance(value, Range) for value in self.parameters.values()):
            raise ValueError("ranges are drawn from: say how often, samples = 20")
        return self

    def combinations(self) -> Iterator[dict[str, Scalar]]:
        """Every choice of parameters, or the drawn ones."""
        lists = {name: _choices(value) for name, value in self.parameters.items()}
        if not self.samples:
            for values in product(*lists.values()):
                yield dict(zip(lists, values))
            return
        rng = np.random.Generator(np.random.PCG64(self.seed))
        for _ in range(self.samples):
            yield {name: _drawn(value, rng) for name, value in self.parameters.items()}


def _choices(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _drawn(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, Range):
        return value.draw(rng)
    choices = _choices(value)
    return choices[int(rng.integers(len(choices)))]


class Budget(_Part):
    """Limits of each run; lists stand for each of their entries.

    Attributes:
        time: wall seconds. gap: the relative gap that is good enough. threads: of a solver.
        memory: bytes, or a text such as "2G"; none by default.
    """

    time: Numbers = Field(default_factory=lambda: [10.0])
    gap: Gaps = Field(default_factory=lambda: [0.0])
    threads: int = Field(default=1, ge=1)
    memory: Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_bytes)] = None


class Plan(_Part):
    """A sweep.

    Attributes:
        name: shown in reports.
        instances: where the instances come from.
        solvers: what runs on each of them.
        budget: of each run.
        seeds: of solvers and splits; "0:5" stands for 0 to 4.
    """

    name: str = "sweep"
    instances: list[Instances] = Field(min_length=1)
    solvers: list[Solvers] = Field(min_length=1)
    budget: Budget = Field(default_factory=lambda: Budget())
    seeds: Seeds = Field(default_factory=lambda: [0])

    def cases(self, folder: Path) -> list[Case]:
        """Every run, instances outermost, without those that come twice.

        Args:
            folder: of the plan: paths are relative to it.

        Raises:
            SpecError: a pattern that no file meets.
        """
        found: dict[Case, None] = {}
        for instance in self._instances(folder):
            for solver in self.solvers:
                for parameters in solver.combinations():
                    for time, gap, seed in product(self.budget.time, self.budget.gap, self.seeds):
                        limits = {
                            "time": time,
                            "gap": gap,
                            "threads": self.budget.threads,
                            "memory": self.budget.memory,
                        }
                        label = solver.label or _label(solver.name, parameters)
                        found[Case(instance, solver.name, _frozen(parameters), label, _frozen(limits), seed)] = None
        return list(found)

    def _instances(self, folder: Path) -> Iterator[Instance]:
        for number, part in enumerate(self.instances):
            fixed = _frozen({name: _written(value) for name, value in part.set.items()})
            for pattern in part.file:
                found = sorted(glob.glob(str(Path(glob.escape(str(folder))) / pattern), recursive=True))
                paths = [path for path in found if Path(path).is_file()]
                if not paths:
                    fault = Fault(f"instances[{number}].file", f"no file is {pattern!r}", f"paths start from {folder}")
                    raise SpecError([fault], "the plan")
                yield from (Instance(path, (), fixed) for path in paths)
            if part.generate is not None:
                lists = {
                    name: _seeds(value) if name == "seed" else _choices(value) for name, value in part.generate.items()
                }
                for values in product(*lists.values()):
                    yield Instance("", _frozen(dict(zip(lists, values))), fixed)


def _label(name: str, parameters: Mapping[str, Any]) -> str:
    """``highs[presolve=off]``; nothing where there are no parameters."""
    said = ",".join(f"{key}={_written(value)}" for key, value in parameters.items())
    return f"{name}[{said}]" if said else ""


def _frozen(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))


def _written(value: Any) -> str:
    """A value as ``--set`` takes it."""
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else repr(value)


def read_plan(path: Path) -> Plan:
    """A plan from its TOML file.

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([Fault("(top)", f"can't be read: {error}", "name the plan's file")], str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError([Fault("(top)", f"not TOML: {error}", "see examples/sweep.toml")], str(path)) from None
    plan: Plan = parsed(Plan, data, str(path))
    return plan
