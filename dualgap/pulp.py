"""A PuLP solver: ``prob.solve(dualgap.pulp.Certified("cbc"))`` in a programme that is otherwise left as it is.

Any dualgap solver can stand behind it. Statuses are honest, values are None where there are none, and
``prob.certificate`` says what is known and how.
"""

from __future__ import annotations

import sys
from typing import Any

import pulp
from pulp.apis.core import LpSolver, PulpSolverError

from dualgap.core.errors import DualgapError
from dualgap.core.solver import Solver
from dualgap.engine.prepare import check_installed, prepare
from dualgap.engine.run import Run
from dualgap.engine.solve import solve
from dualgap.models.pulp import read

__all__ = ["Certified"]


class Certified(LpSolver):  # type: ignore[misc]
    """Hands a PuLP model to a dualgap solver and puts a checked answer back.

    Attributes:
        run: the last ``dualgap.Run``, None before the first.
    """

    name = "dualgap"

    def __init__(
        self,
        solver: str | Solver | type[Solver] | None = None,
        mip: bool = True,
        msg: bool = True,
        timeLimit: float | None = None,
        gapRel: float | None = None,
        threads: int | None = None,
        warmStart: bool = False,
        isolate: bool = True,
        **parameters: Any,
    ) -> None:
        """As PuLP's own solvers take them.

        Args:
            solver: a dualgap solver's name (``"highs"``, ``"cbc"``, ``"portfolio"``), class or object; None takes what
                dispatch says.
            mip: False solves the linear relaxation.
            msg: whether the backend's log (on stderr) and the certificate's sentence (on stdout) are shown.
            timeLimit: wall seconds; dualgap's default, 60, where none is given.
            gapRel: the relative gap that is good enough.
            threads: for the backend; 1 where none are given.
            warmStart: start from the values that the variables have.
            isolate: run in a worker process.
            parameters: of the dualgap solver, by name; others are refused, not ignored.
        """
        super().__init__(
            mip=mip, msg=msg, timeLimit=timeLimit, gapRel=gapRel, threads=threads, warmStart=warmStart, **parameters
        )
        self.solver = solver
        self.isolate = isolate
        self.parameters = parameters
        self.run: Run | None = None

    def available(self) -> bool:
        """Whether the solver is known and its package installed."""
        if self.solver is None:
            return True
        try:
            check_installed(prepare(self.solver, self.parameters).instance)
        except DualgapError:
            return False
        return True

    def copy(self) -> Certified:
        options = {name: self.optionsDict.get(name) for name in ("gapRel", "threads")}
        start = bool(self.optionsDict.get("warmStart"))
        return Certified(
            self.solver,
            self.mip,
            self.msg,
            self.timeLimit,
            warmStart=start,
            isolate=self.isolate,
            **options,
            **self.parameters,
        )

    def actualSolve(self, lp: pulp.LpProblem) -> int:
        """Solves the model; returns its status.

        Raises:
            PulpSolverError: the model can't be taken over, or the solver or one of its parameters is none.
        """
        given = self.optionsDict
        limits: dict[str, Any] = {
            "time": self.timeLimit,
            "gap": given.get("gapRel"),
            "threads": given.get("threads"),
            "log": "-" if self.msg else None,
            "parameters": self.parameters or None,
        }
        try:
            model = read(lp, mip=self.mip)
            start = model.start() if given.get("warmStart") else None
            settings = {name: value for name, value in limits.items() if value is not None}
            self.run = solve(model, self.solver, start=start, isolate=self.isolate, **settings)
        except DualgapError as error:
            raise PulpSolverError(str(error)) from error
        if self.msg:
            sys.stdout.write(f"{lp.certificate.statement}\n")
        return int(lp.status)
