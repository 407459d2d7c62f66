"""The ``matrix-game`` kind: its closed spec, its answer, and how people read and write both.

Mathematics: the row player picks row i, the column player column j, and P_ij goes to the maximiser. With mixed
strategies x and y there is one value v with ``max_x min_j (x'P)_j = v = min_y max_i (Py)_i`` where rows maximise
(von Neumann, Zur Theorie der Gesellschaftsspiele, 1928); each player's strategy alone bounds it from one side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Matrix, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import Exact, Real, exact, nearest, simplest
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.figures import Figure, strategy
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Strategies, Witness
from dualgap.problems.counts import Names, check_names, fault
from dualgap.problems.matrix_game.payoffs import Payoffs

_BIMATRIX = ("payoffs", "payoff_rows", "payoff_columns", "row_payoff", "column_payoff", "bimatrix", "A", "B")
_ZERO_SUM = 'a matrix-game is zero-sum: give one matrix, what the maximiser gets, and maximizer = "rows" or "columns"'
_SHOWN = 10


class MixedStrategies(Answer):
    """Weights of both players' pure strategies, up to scale: whole numbers are exact probabilities over their sum.

    Attributes:
        rows: (m,) of the row player, who is certified.
        columns: (n,) of the column player; empty where a solver found none.
    """

    rows: Vector
    columns: Vector = as_array(())


class MatrixGame(Problem):
    """A zero-sum game in mixed strategies, from the row player's side.

    Attributes:
        payoff: (m, n) what the maximiser gets from the other.
        maximizer: who wants it large: "rows" or "columns".
        rows, columns: names of the pure strategies; r1, r2 ... and c1, c2 ... by default.
    """

    kind: ClassVar[str] = "matrix-game"
    summary: ClassVar[str] = "zero-sum games: both players' mixed strategies and the value"
    answer_type: ClassVar[type[Answer]] = MixedStrategies

    payoff: Matrix
    maximizer: Literal["rows", "columns"] = "rows"
    rows: Names = ()
    columns: Names = ()

    @field_validator("payoff", mode="before")
    @classmethod
    def _one_matrix(cls, payoff: Any) -> Any:
        array = payoff if isinstance(payoff, np.ndarray) else as_array(payoff)
        if array.ndim == 3 and len(array) == 2:
            raise fault("two payoff matrices make a bimatrix game", _ZERO_SUM)
        if array.ndim == 2 and array.size == 0:
            raise fault("no payoffs", "give each player at least one strategy")
        return array

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for field, length in zip(("rows", "columns"), self.payoff.shape):
            check_names(field, getattr(self, field), length)
        return self

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Closes a raw spec: ``payoff = {file = "P.csv"}`` is read.

        Raises:
            SpecError: it states a bimatrix game, or the file can't be read.
        """
        second = [name for name in _BIMATRIX if name in spec]
        if second:
            raise SpecError([Fault(second[0], "bimatrix games aren't taken", _ZERO_SUM)])
        return resolver.columns(spec, ("payoff",))

    @property
    def sense(self) -> Sense:
        return Sense.MAXIMIZE if self.maximizer == "rows" else Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return "guaranteed payoff" if self.maximizer == "rows" else "conceded payoff"

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.payoff.shape[0], self.payoff.shape[1]

    @cached_property
    def row_names(self) -> tuple[str, ...]:
        return self.rows or tuple(f"r{i}" for i in range(1, self.size[0] + 1))

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return self.columns or tuple(f"c{j}" for j in range(1, self.size[1] + 1))

    @cached_property
    def payoffs(self) -> Payoffs:
        """The payoffs, ready for verified arithmetic."""
        return Payoffs(self.payoff)

    @cached_property
    def minimised(self) -> np.ndarray:
        """(m, n) float64: what the row player pays, and so minimises."""
        payoff: np.ndarray = self.payoff.astype(np.float64, copy=False)
        return np.negative(payoff) if self.maximizer == "rows" else payoff

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        """The payoff that the rows' strategy guarantees against every column."""
        violations = {
            **_faults("rows", answer.rows, self.row_names),
            **(_faults("columns", answer.columns, self.column_names) if len(answer.columns) else {}),
        }
        if len(answer.rows) != self.size[0] or not (answer.rows > 0).any():
            return Evaluation(0, violations)
        guarded = self.payoffs.against_columns(answer.rows)
        value = guarded.least if self.maximizer == "rows" else guarded.most
        whole = guarded.exact and answer.rows.dtype == np.int64
        return Evaluation(simplest(value), violations, exact=whole, scale=self.payoffs.largest)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.matrix_game.proofs import prove

        return prove(self, witness)

    def implied(self, answer: Any) -> Witness | None:
        """The column player's strategy, where the answer has one."""
        told = len(answer.columns) == self.size[1] and bool((answer.columns > 0).any())
        return Strategies(x=answer.rows, y=answer.columns) if told else None

    def trivial(self) -> MixedStrategies:
        rows, columns = self.size
        return MixedStrategies(rows=np.full(rows, 1.0 / rows), columns=np.full(columns, 1.0 / columns))

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        """The interval's width, which says more than a relative gap where the value is near 0."""
        if not isinstance(witness, Strategies) or len(witness.y) != self.size[1]:
            return {}
        width = abs(float(self.evaluate(answer).objective - self.bound(witness).value))
        return {"interval": {"width": width, "share of the range": width / (float(np.ptp(self.payoff)) or 1.0)}}

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.matrix_game.argument import explain

        return explain(self, answer, witness, via, shown)

    # Names in answers.
    def read_answer(self, data: Any) -> Any:
        """From ``{"rows": {"rock": 0.5, ...}, "columns": {...}}`` by name, or from arrays.

        Raises:
            SpecError: with the path of each fault.
        """
        if not isinstance(data, Mapping):
            return super().read_answer(data)
        named = {"rows": self.row_names, "columns": self.column_names}
        return super().read_answer({key: _vector(key, value, named.get(key, ())) for key, value in data.items()})

    def write_answer(self, answer: Any) -> dict[str, Any]:
        if (len(answer.rows), len(answer.columns) or self.size[1]) != self.size:
            return super().write_answer(answer)
        written = {"rows": _named(answer.rows, self.row_names)}
        return written if not len(answer.columns) else {**written, "columns": _named(answer.columns, self.column_names)}

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """Both strategies, played ones only."""
        if len(answer.rows) != self.size[0]:
            return super().render(answer)
        table: list[tuple[str, ...]] = [("player", "plays", "probability")]
        for player, weights, names in (
            ("rows", answer.rows, self.row_names),
            ("columns", answer.columns, self.column_names),
        ):
            share = exact(weights)
            total = share.total()
            for i in np.flatnonzero(weights).tolist():
                table.append((player, names[i], _shown(share, i, total)))
        return table

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        """The interval, unless it has closed."""
        interval = metrics.get("interval", {})
        if not interval.get("width"):
            return []
        return [
            [("interval", *interval), ("of the value", *(f"{nearest(number):.3g}" for number in interval.values()))]
        ]

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        """Each player's strategy."""
        players = (("rows", self.row_names, answer.rows), ("columns", self.column_names, answer.columns))
        return tuple(strategy(*player) for player in players if len(player[1]) == len(player[2]))

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.matrix_game.views import views

        return views(self)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> MatrixGame:
        """A random game; see ``dualgap.problems.matrix_game.generate``."""
        from dualgap.problems.matrix_game.generate import generate

        return cls(**generate(size, seed, **options))


def _faults(player: str, weights: np.ndarray, names: Sequence[str]) -> dict[str, Violation]:
    """Where weights are no strategy, by name."""
    if len(weights) != len(names):
        return {player: Violation(abs(len(weights) - len(names)))}
    scale = float(np.abs(weights).sum())
    if not (weights > 0).any():
        return {player: Violation(1)}
    wrong = np.flatnonzero(weights < 0)[:_SHOWN].tolist()
    return {f"{player} {names[i]}": Violation(float(-weights[i]) / scale) for i in wrong}


def _vector(field: str, value: Any, names: Sequence[str]) -> Any:
    """Weights by name as a vector; names that are left out have the weight 0."""
    if not isinstance(value, Mapping) or not names:
        return value
    unknown = [str(name) for name in value if name not in names]
    if unknown:
        raise SpecError(
            [Fault(f"{field}.{name}", "no such strategy", f"known: {', '.join(names[:20])}") for name in unknown]
        )
    return [value.get(name, 0) for name in names]


def _named(weights: np.ndarray, names: Sequence[str]) -> dict[str, int | float]:
    return {names[i]: weights[i].item() for i in np.flatnonzero(weights).tolist()}


def _shown(share: Exact, index: int, total: Any) -> str:
    probability = share.item(index) / total
    return str(probability) if probability.denominator < 1000 else format_value(float(probability))
