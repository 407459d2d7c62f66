"""Lagrangian training on measured constraints: proxies' gradients, true multipliers, the best mixture of what came by.

Source: Cotter, Jiang and Sridharan, Two-player games for efficient non-convex constrained optimization (2019); nuPI:
Sohrabi et al., On PI controllers for updating Lagrange multipliers in constrained optimization (2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import Form
from dualgap.core.proxies import ProxyProgram, Relaxation
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.solvers.fairness.mixing import Mixed, mix
from dualgap.solvers.fairness.pool import Pool
from dualgap.solvers.fairness.training import SLICE, Settings, State, Update, players
from dualgap.solvers.jax_scope import x64

_FEASIBLE = 1e-6
_GAIN = 1e-7  # of F: less of it isn't worth another round
_KEPT = 5  # of so many steps one is kept
_SETTLED = 40  # lines that are searched for a single feasible point


@dataclass(frozen=True)
class ProxyLagrangian(Solver):
    """Adam on ``f + multipliers'g``, multipliers driven by G; then the best mixture, and best responses to its prices.

    Attributes:
        steps: of both players.
        step: Adam's first step; the k-th is ``step / (1 + decay k)``.
        decay: of Adam's steps.
        integral: gain of the multipliers: they move by so many times G.
        responses: rounds, after training, in which parameters answer the prices of the best mixture so far.
        slices: of 20 steps, for each of these rounds.
        lines: points whose lines are searched exactly in each round. With few people, lines and responses fit the
            training split more closely than it deserves: 0 for both is the remedy.
        ridge: half of it times the squared distance from the first parameters joins f: more of it fits the training
            split less closely.
        bound: whether the relaxation is solved first, for a bound and for multipliers to begin with.
    """

    name: ClassVar[str] = "proxy-lagrangian"
    summary: ClassVar[str] = "Lagrangian training: true rates drive the multipliers, soft rates the gradients"
    accepts: ClassVar[tuple[type, ...]] = (ProxyProgram,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.ANYTIME, Trait.WARM, Trait.BOUNDS})
    update: ClassVar[Update] = "ascent"

    steps: int = 60
    step: float = 0.02
    decay: float = 0.05
    integral: float = 1.0
    responses: int = 4
    slices: int = 2
    lines: int = 6
    ridge: float = 0.0
    bound: bool = True

    def __post_init__(self) -> None:
        for name, value in self.parameters().items():
            if not value >= 0:
                raise ValueError(f"{name} can't be negative")

    @property
    def gains(self) -> tuple[float, float]:
        """(proportional gain, damping) of the controller."""
        return 0.0, 0.0

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, ProxyProgram)
        with ctx.phase("compile"):
            scope = x64()  # imports JAX, which takes longer than most trainings
        with scope:
            return _Training(self, form, ctx).claim()


@dataclass(frozen=True)
class ProxyAugmented(ProxyLagrangian):
    """``proxy-lagrangian`` with an augmented Lagrangian.

    Attributes:
        penalty: gradients see multipliers to which so many times G is added.
    """

    name: ClassVar[str] = "proxy-augmented"
    summary: ClassVar[str] = "the same with an augmented Lagrangian"
    update: ClassVar[Update] = "augmented"

    penalty: float = 1.0

    @property
    def gains(self) -> tuple[float, float]:
        return self.penalty, 0.0


@dataclass(frozen=True)
class ProxyNupi(ProxyLagrangian):
    """``proxy-lagrangian`` with multipliers moved by nuPI, a controller.

    Attributes:
        proportional: multipliers also move by so many times the change of G, smoothed.
        damping: of the smoothing: nu.
    """

    name: ClassVar[str] = "nupi"
    summary: ClassVar[str] = "the same with multipliers moved by a PI controller (nuPI)"
    update: ClassVar[Update] = "nupi"

    proportional: float = 1.0
    damping: float = 0.9

    @property
    def gains(self) -> tuple[float, float]:
        return self.proportional, self.damping


class _Training:
    """One run: the points that came by, the best mixture of them, and what the relaxation says."""

    def __init__(self, solver: ProxyLagrangian, form: ProxyProgram, ctx: Context) -> None:
        self.solver, self.form, self.ctx = solver, form, ctx
        self.pool = Pool(form)
        self.mixed: Mixed | None = None
        self.bound: float | None = None
        self.witness: Multipliers | None = None
        self.steps = 0
        self.finite = True
        started = () if ctx.start is None else ctx.start.members
        self.first = _single(started[0] if started else form.initial(ctx.seed))
        self.pool.add([*form.candidates, *started, self.first])
        if solver.bound and form.relaxation is not None:
            self._relax(form.relaxation)
        with ctx.phase("compile"):
            import jax

            self.data = jax.tree.map(jax.numpy.asarray, _single(form.data))
            self.players = players(form, solver.update)
            self._compile()
        self.settings = Settings(
            *map(np.float32, (solver.step, solver.decay, solver.integral, *solver.gains, solver.ridge))
        )

    def _relax(self, relaxation: Relaxation) -> None:
        """The relaxation's bound and multipliers."""
        with self.ctx.phase("bound"):
            claim = self.ctx.subsolve(relaxation.build(), "highs")
        if isinstance(claim.witness, Multipliers) and claim.bound is not None:
            self.bound = float(claim.bound)
            self.witness = Multipliers(rows=relaxation.multipliers(claim.witness.rows.astype(np.float64)))
            self.ctx.report(bound=self.bound, witness=self.witness)

    def _compile(self) -> None:
        """Calls every function, taking no step."""
        prices = np.zeros(self.pool.excesses.shape[1], dtype=np.float32)
        state = self.players.begin(self.first, prices, self.data)
        still = Settings(*(np.float32(0.0) for _ in Settings._fields))
        for move in (self.players.play, self.players.respond):
            move(state, self.first, self.data, still, np.int32(0))[0].count.block_until_ready()

    @property
    def over(self) -> bool:
        return not self.finite or self.ctx.should_stop()

    def claim(self) -> Claim:
        self._mix()
        self._play()
        self._improve()
        if self.mixed is not None and not self.form.mixtures:
            self.pool.settle(self.mixed, _SETTLED)
        point = self.pool.point(self.mixed)
        value, violation = self.form.worth(point)
        feasible = violation <= _FEASIBLE
        priced = None if self.mixed is None else Multipliers(rows=self.mixed.multipliers)
        missed = f"no mixture of the points that came by is feasible: the best misses by {violation:.3g}"
        return Claim(
            point=point,
            feasible=feasible,
            stop=self._stop(feasible),
            value=value,
            bound=self.bound,
            witness=self.witness or priced,
            statistics={"steps": self.steps, "points": len(self.pool.members), "members": len(point.members)},
            message="" if feasible else missed,
            start=None if self.ctx.start is None else Start(Use.USED, "training began there, and mixed it in"),
        )

    def _stop(self, feasible: bool) -> Stop:
        if not self.finite:
            return Stop.NONFINITE
        if self.ctx.should_stop():
            return Stop.TIME
        return Stop.FINISHED if feasible else Stop.ITERATIONS

    def _play(self) -> None:
        """Both players move; the best mixture so far is reported."""
        prices = np.zeros(self.pool.excesses.shape[1]) if self.witness is None else self.witness.rows
        state = self.players.begin(self.first, prices.astype(np.float32), self.data)
        while self.steps < self.solver.steps and not self.over:
            state = self._slice(self.players.play, state, self.solver.steps - self.steps)
            self._mix()
            self._tell()

    def _improve(self) -> None:
        """Lines and best responses at the mixture's prices, until neither promises anything."""
        self._along_lines()
        for _ in range(self.solver.responses):
            before = self.mixed
            if before is None or self.over:
                return
            best = _single(self.pool.members[int(before.weights.argmax())])
            state = self.players.begin(best, before.multipliers.astype(np.float32), self.data)
            for _ in range(self.solver.slices):
                state = self._slice(self.players.respond, state, SLICE)
            self._mix()
            self._along_lines()
            self._tell()
            assert self.mixed is not None
            if before.violation <= _FEASIBLE and before.value - self.mixed.value <= _GAIN:
                return

    def _slice(self, move: Any, state: State, limit: int) -> State:
        """A slice of steps, some of which are kept."""
        state, path = move(state, self.first, self.data, self.settings, np.int32(limit))
        done = min(limit, SLICE)
        self.steps += done
        found = _unstacked(path, sorted({*range(_KEPT - 1, done, _KEPT), done - 1}))
        finite = [parameters for parameters in found if _is_finite(parameters)]
        self.finite = len(finite) == len(found)
        self.pool.add(finite)
        return state

    def _mix(self) -> None:
        """The best mixture of all points; what there was where time is up."""
        self.mixed = mix(self.pool.values, self.pool.excesses, self.ctx) or self.mixed
        if self.mixed is not None:
            self.mixed = self.pool.pruned(self.mixed)

    def _tell(self) -> None:
        """Reports the best mixture so far."""
        if self.mixed is not None and self.mixed.violation <= _FEASIBLE:
            self.ctx.report(self.pool.point(self.mixed), iterations=self.steps)

    def _along_lines(self) -> None:
        """Points on the lines of the most promising ones, until none improves the mixture."""
        while self.mixed is not None and not self.over and self.pool.along(self.mixed, self.solver.lines):
            self._mix()


def _single(tree: Any) -> Any:
    """The same with floats of 32 bits: twice as fast, and what is found is judged by the form's ``evaluate``."""
    import jax

    def cast(leaf: Any) -> np.ndarray:
        array = np.asarray(leaf)
        return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array

    return jax.tree.map(cast, tree)


def _unstacked(path: Any, places: Sequence[int]) -> list[Any]:
    import jax

    arrays = jax.tree.map(np.asarray, path)
    return [jax.tree.map(lambda leaf, k=k: leaf[k], arrays) for k in places]


def _is_finite(parameters: Any) -> bool:
    import jax

    return all(bool(np.isfinite(leaf).all()) for leaf in jax.tree.leaves(parameters))
