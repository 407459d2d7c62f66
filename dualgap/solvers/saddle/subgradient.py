"""Projected subgradient descent on the worst case, with the opponent's answers as multipliers.

    minimise g(x) = max over y of f(x, y):   x+ = proj(x - alpha / sqrt(k) grad_x f(x, y(x)) / ||.||),

``y(x)`` a best response. The best x is kept (Polyak 1987); the best responses, averaged with the steps as weights, are
the multipliers of the epigraph's rows, and certify from below (Nedic and Ozdaglar 2009). It is the simplest method
there is and slow: the other methods of this folder say by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.forms import Form, SaddleProgram
from dualgap.solvers.saddle.field import Game, Pair
from dualgap.solvers.saddle.method import Outset, SaddleMethod
from dualgap.solvers.saddle.survey import width
from dualgap.solvers.saddle.walk import KEPT, Pace, State, eager, standing, stepped


@dataclass(frozen=True)
class SaddleSubgradient(SaddleMethod):
    """Projected subgradients with steps ``step / sqrt(k)``, whatever the gradient's size.

    ``step`` is by default the set's width over the root of two: 1 on a probability simplex.
    """

    name: ClassVar[str] = "saddle-subgradient"
    summary: ClassVar[str] = "projected subgradients on the worst case, multipliers from the opponent's answers"

    iterations: int = 10_000

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SaddleProgram)
        if form.best_y is None:
            return "saddle-subgradient needs the opponent's best response; extragradient does without"
        return super().refuses(form)

    def set_out(self, form: SaddleProgram, game: Game, z: Pair) -> Outset:
        def advance(_field: object, state: State, pace: Pace) -> State:
            return _advance(game, state, pace)

        step = self.step or (width(game.field.x) or 2**0.5) / 2**0.5
        return Outset(eager(advance, game.field), standing(z, (), step), KEPT, step)


def _advance(game: Game, state: State, pace: Pace) -> State:
    x = state.z[0]
    y = game.answer_y(x)
    assert y is not None
    _, slope, _ = game.field.gradients(x, y)
    norm = float(np.linalg.norm(slope))
    moved = state.step / np.sqrt(state.count + 1.0) / (norm if norm > 0.0 else 1.0)
    after = game.field.x.project(x - moved * slope)
    far = np.linalg.norm(after - x)
    ahead = stepped(state, pace, (after, y), (x, y), step=moved, strain=state.strain, far=far)
    return ahead._replace(step=state.step)
