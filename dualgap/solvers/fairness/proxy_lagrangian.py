"""Lagrangian training on measured constraints: proxies' gradients, true multipliers, the best mixture of what came by.

Source: Cotter, Jiang and Sridharan, Two-player games for efficient non-convex constrained optimization (2019), the
proxy-Lagrangian; Sohrabi et al., On PI controllers for updating Lagrange multipliers in constrained optimization (2024).
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
_SLICES = 2  # of steps for a best response


@dataclass(frozen=True)
class ProxyLagrangian(Solver):
    """Adam on f + multipliers'g, multipliers driven by G; then the best mixture, and best responses to its prices.

    Attributes:
        update: of the multipliers: ``ascent`` by ``integral`` times G; ``augmented``, where the gradient sees them
            with ``proportional`` times G added; ``nupi``, which adds ``proportional`` times the change of G, smoothed
            by ``damping``.
        steps: of both players.
        responses: rounds of best responses to the mixture's prices, each of so many slices of steps.
        step, decay: of Adam: step / (1 + decay count).
        integral, proportional, damping: see ``update``.
        ridge: half of it times the squared distance from the first parameters is added to f: more of it fits the
            training split less closely.
        lines: how many points' lines are searched exactly in each round.
        bound: whether the relaxation is solved first, for a bound and for multipliers to begin with.
    """

    name: ClassVar[str] = "proxy-lagrangian"
    summary: ClassVar[str] = "Lagrangian training in JAX with soft rates for gradients, and the best mixture of iterates"
    accepts: ClassVar[tuple[type, ...]] = (ProxyProgram,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.ANYTIME, Trait.WARM, Trait.BOUNDS})

    update: Update = "ascent"
    steps: int = 60
    responses: int = 4
    step: float = 0.05
    decay: float = 0.05
    integral: float = 0.5
    proportional: float = 1.0
    damping: float = 0.9
    ridge: float = 0.0
    lines: int = 6
    bound: bool = True

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, ProxyProgram)
        with x64():
            return _Training(self, form, ctx).claim()


class _Training:
    """One run: the points that came by, and what the relaxation says."""

    def __init__(self, solver: ProxyLagrangian, form: ProxyProgram, ctx: Context) -> None:
        self.solver, self.form, self.ctx = solver, form, ctx
        self.pool = Pool(form)
        self.bound: float | None = None
        self.prices: np.ndarray | None = None
        self.taken = 0
        if solver.bound and form.relaxation is not None:
            self._relax(form.relaxation)
        self.first = _single(form.initial(ctx.seed))
        with ctx.phase("compile"):
            import jax

            self.data = jax.tree.map(jax.numpy.asarray, form.data)
            self.players = players(form, solver.update)
            self._compile()
        numbers = solver.step, solver.decay, solver.integral, solver.proportional, solver.damping, solver.ridge
        self.settings = Settings(*map(np.float32, numbers))

    def _relax(self, relaxation: Relaxation) -> None:
        """The relaxation's bound, and its multipliers."""
        with self.ctx.phase("bound"):
            claim = self.ctx.subsolve(relaxation.build(), "highs")
        if isinstance(claim.witness, Multipliers) and claim.bound is not None:
            self.prices = relaxation.multipliers(claim.witness.rows.astype(np.float64))
            self.bound = float(claim.bound)
            self.ctx.report(bound=self.bound, witness=Multipliers(rows=self.prices))

    def _compile(self) -> None:
        """Calls every function, taking no step."""
        size = self.form.evaluate([self.first])[1].shape[1]
        state = self.players.begin(self.first, np.zeros(size, np.float32), self.data)
        still = Settings(*(np.float32(0.0) for _ in Settings._fields))
        for move in (self.players.play, self.players.respond):
            move(state, self.first, self.data, still, np.int32(0))[0].count.block_until_ready()

    def claim(self) -> Claim:
        started = () if self.ctx.start is None else self.ctx.start.members
        self.pool.add([*self.form.candidates, *started, self.first])
        self._play()
        mixed = self._improve()
        if mixed is not None and not self.form.mixtures:
            self.pool.settle(mixed, _SETTLED)
        point = self.pool.point(mixed)
        value, violation = self.form.worth(point)
        stop = Stop.TIME if self.ctx.should_stop() else Stop.FINISHED
        feasible = violation <= _FEASIBLE
        return Claim(
            point=point,
            feasible=feasible,
            stop=stop if feasible or stop is Stop.TIME else Stop.ITERATIONS,
            value=value,
            bound=self.bound,
            witness=None if self.prices is None else Multipliers(rows=self.prices),
            statistics={"steps": self.taken, "points": len(self.pool.members), "members": len(point.members)},
            message="" if feasible else f"no mixture of the points found is feasible: the best misses by {violation:.3g}",
            start=Start(Use.USED, "among the points that are mixed") if started else None,
        )

    def _play(self) -> None:
        """Both players move; the best mixture so far is reported."""
        prices = np.zeros(self.pool.excesses.shape[1]) if self.prices is None else self.prices
        state = self.players.begin(self.first, prices.astype(np.float32), self.data)
        while self.taken < self.solver.steps and not self.ctx.should_stop():
            state = self._slice(self.players.play, state, self.solver.steps - self.taken)
            mixed = mix(self.pool.values, self.pool.excesses, self.ctx)
            if mixed is not None and mixed.violation <= _FEASIBLE:
                self.ctx.report(self.pool.point(mixed), iterations=self.taken)

    def _slice(self, move: Any, state: State, limit: int) -> State:
        """A slice of steps, every second of which is kept."""
        state, path = move(state, self.first, self.data, self.settings, np.int32(limit))
        done = min(limit, SLICE)
        self.taken += done
        self.pool.add(_unstacked(path, range(_KEPT - 1, done, _KEPT)))
        return state

    def _improve(self) -> Mixed | None:
        """Lines and best responses at the mixture's prices, until neither promises anything."""
        mixed = self._along_lines()
        for _ in range(self.solver.responses):
            if mixed is None or self.ctx.should_stop():
                break
            best = self.pool.members[int(mixed.weights.argmax())]
            state = self.players.begin(_single(best), mixed.multipliers.astype(np.float32), self.data)
            for _ in range(_SLICES):
                state = self._slice(self.players.respond, state, SLICE)
            before, mixed = mixed, self._along_lines() or mixed
            if before.value - mixed.value <= _GAIN:
                break
        return mixed

    def _along_lines(self) -> Mixed | None:
        """The best mixture of all points and of those on the lines of the most promising ones."""
        mixed = mix(self.pool.values, self.pool.excesses, self.ctx)
        while mixed is not None and not self.ctx.should_stop():
            found = self.pool.along(mixed, self.solver.lines)
            if not found:
                break
            mixed = mix(self.pool.values, self.pool.excesses, self.ctx) or mixed
        return mixed


def _single(parameters: Any) -> Any:
    """The same in 32 bits."""
    import jax

    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float32), parameters)


def _unstacked(path: Any, places: Sequence[int]) -> list[Any]:
    import jax

    arrays = jax.tree.map(np.asarray, path)
    return [jax.tree.map(lambda leaf, k=k: leaf[k], arrays) for k in places]
