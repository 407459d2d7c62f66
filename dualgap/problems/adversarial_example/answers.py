"""Perturbed inputs, read from anybody's files and shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.errors import Fault, SpecError
from dualgap.core.figures import Figure
from dualgap.core.problem import parsed
from dualgap.problems.networks.pictures import image_shape, worst_inputs

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example.spec import AdversarialExample, PerturbedInputs


def read(problem: AdversarialExample, data: Any) -> PerturbedInputs:
    """Points as other tools save them: (n, d), or images (n, ...), under any name.

    Raises:
        SpecError: no array holds a point for every input, or several do.
    """
    from dualgap.problems.adversarial_example.spec import PerturbedInputs

    fields = dict(data) if isinstance(data, Mapping) else {"points": data}
    if "points" not in fields:
        fitting = [name for name, value in fields.items() if np.size(value) == problem.inputs.size]
        if len(fitting) != 1:
            wanted = " x ".join(map(str, problem.inputs.shape))
            message = f"{len(fitting)} of the arrays ({', '.join(map(str, fields)) or 'none'}) hold {wanted} numbers"
            raise SpecError([Fault("points", message, "call the perturbed inputs points")], "answer")
        fields = {"points": fields[fitting[0]]}
    points = fields["points"]
    if isinstance(points, np.ndarray) and points.ndim > 2:
        fields["points"] = points.reshape(len(points), -1)
    answer: PerturbedInputs = parsed(PerturbedInputs, fields, "answer")
    if answer.points.shape != problem.inputs.shape:
        found, wanted = (" x ".join(map(str, array.shape)) for array in (answer.points, problem.inputs))
        raise SpecError(
            [Fault("points", f"{found} numbers, the inputs are {wanted}", "a row for every input")], "answer"
        )
    return answer


def perturbations(problem: AdversarialExample, points: np.ndarray) -> list[tuple[str, ...]]:
    """How much of each input was changed, and where most."""
    if points.shape != problem.inputs.shape:
        return [("field", "value"), ("points", " x ".join(map(str, points.shape)))]
    rows: list[tuple[str, ...]] = [("input", "entries changed", "on average by", "most", "at")]
    shift = np.asarray(points, dtype=np.float64) - problem.inputs
    for name, move in zip(problem.input_names, shift):
        size = np.abs(move)
        most = int(size.argmax())
        changed = f"{np.count_nonzero(move):,} of {len(move):,}"
        rows.append((name, changed, f"{size.mean():.3g}", f"{move[most]:.3g}", str(most) if size[most] else "-"))
    return rows


def figures(problem: AdversarialExample, points: np.ndarray) -> tuple[Figure, ...]:
    """The worst inputs beside what became of them, where they are images, and how large the changes are."""
    if points.shape != problem.inputs.shape:
        return ()
    network, changed = problem.network, np.asarray(points, dtype=np.float64)

    def classes(inputs: np.ndarray) -> np.ndarray:
        taken: np.ndarray = network.forward(inputs).argmax(axis=1)
        return taken

    margins = problem.margins.of(network.forward(changed))
    shape = image_shape(network)
    return worst_inputs(classes, problem.input_names, problem.inputs, changed, margins, problem.norm, shape)
