"""Adversarial examples as a mixed-integer program: a network for each input, with binaries where neurons are unstable.

For every input a column v, its margin, is bounded from below by the function of one allowed class t, the one that its
binary s_t names: ``v >= row_t y + constant_t - M_t (1 - s_t)``, ``sum s_t = 1``. The mean of the v is minimised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import block_diag, csc_array, csr_array, hstack, vstack

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.problems.networks.bounds import Query, crown_bounds, margins_query
from dualgap.problems.networks.bounds.nodes import Node
from dualgap.problems.networks.bounds.program import Encoded, encode
from dualgap.problems.networks.bounds.spans import crown_spans

_LEAST = 1e-3  # of the M_t: solvers drop tiny coefficients

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example.spec import AdversarialExample, PerturbedInputs


def views(problem: AdversarialExample) -> tuple[View, ...]:
    """``mixed-integer``, where margins are asked for in a ball that linear rows state."""
    if problem.minimal or problem.goal != "margin" or problem.norm == "2":
        return ()
    view = View(
        name="mixed-integer",
        form_type=MixedIntegerProgram,
        relation=Relation.EXACT,
        build=lambda: mixed_integer_program(problem),
        decode=lambda point: _decode(problem, point),
    )
    return (view,)


def mixed_integer_program(problem: AdversarialExample) -> MixedIntegerProgram:
    """The programs of all inputs side by side; the inputs' own columns come first."""
    query = margins_query(problem, float(problem.radius))
    spans = crown_spans(query.layers, query.region)
    lower, upper = crown_bounds(query, spans), -crown_bounds(_negated(query), spans)
    parts = []
    for i in range(len(problem.inputs)):
        item = np.array([i])
        mine = np.flatnonzero(query.item == i)
        root = Node(query.region.take(item), tuple(span.take(item) for span in spans))
        parts.append(_worst(query, root, mine, lower[mine], upper[mine]))
    entries = problem.inputs.shape[1]
    own = np.concatenate([np.arange(len(part.cost)) < entries for part in parts])
    order = np.argsort(~own, kind="stable")
    names = [f"{name}: {column}" for name, part in zip(problem.input_names, parts) for column in part.columns]
    return MixedIntegerProgram(
        cost=np.concatenate([part.cost for part in parts])[order] / len(parts),
        matrix=csr_array(csc_array(block_diag([part.matrix for part in parts]))[:, order]),
        row_lower=np.concatenate([part.row_lower for part in parts]),
        row_upper=np.concatenate([part.row_upper for part in parts]),
        lower=np.concatenate([part.lower for part in parts])[order],
        upper=np.concatenate([part.upper for part in parts])[order],
        integer=np.concatenate([part.integer for part in parts])[order],
        columns=tuple(names[k] for k in order.tolist()),
    )


def _worst(query: Query, root: Node, mine: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> MixedIntegerProgram:
    """One input's program: the network's columns, then the margin, then a binary for each function that may be least.

    Args:
        query: the functions of all inputs.
        root: the input's set.
        mine: (m,) its functions.
        lower, upper: (m,) bounds on them.
    """
    may = lower <= upper.min()
    mine, lower, upper = mine[may], lower[may], upper[may]
    encoded = encode(query.layers, root)
    network = encoded.exact(root, np.zeros(query.rows.shape[1]), 0.0)
    width, wide = len(network.cost), encoded.outputs.shape[1]
    functions = np.zeros((len(mine), width))
    functions[:, :wide] = query.rows[mine] @ encoded.outputs
    constants = query.rows[mine] @ encoded.constant + query.constants[mine]
    excess = np.maximum(upper - lower.min(), _LEAST)
    margin = csr_array(np.hstack([-functions, np.ones((len(mine), 1)), -np.diag(excess)]))
    one = csr_array(np.concatenate([np.zeros(width + 1), np.ones(len(mine))])[None])
    blank = csr_array((network.matrix.shape[0], 1 + len(mine)))
    return MixedIntegerProgram(
        cost=np.concatenate([np.zeros(width), [1.0], np.zeros(len(mine))]),
        matrix=csr_array(vstack([hstack([network.matrix, blank]), margin, one])),
        row_lower=np.concatenate([network.row_lower, constants - excess, [1.0]]),
        row_upper=np.concatenate([network.row_upper, np.full(len(mine), np.inf), [1.0]]),
        lower=np.concatenate([network.lower, [lower.min()], np.zeros(len(mine))]),
        upper=np.concatenate([network.upper, [upper.min()], np.ones(len(mine))]),
        integer=np.concatenate([network.integer, [False], np.ones(len(mine), dtype=bool)]),
        columns=(*_names(encoded, width), "margin", *(f"s{t}" for t in range(len(mine)))),
    )


def _names(encoded: Encoded, width: int) -> list[str]:
    """An input's entries x, its unstable neurons z and their binaries a by number, and sizes of moves in an l1 ball."""
    entries, neurons = range(encoded.inputs), encoded.numbers.tolist()
    names = [f"x{j}" for j in entries] + [f"{letter}{n}" for letter in "za" for n in neurons]
    return names + [f"move{j}" for j in range(width - len(names))]


def _negated(query: Query) -> Query:
    return Query(query.layers, query.region, query.item, -query.rows, -query.constants)


def _decode(problem: AdversarialExample, point: Any) -> PerturbedInputs:
    from dualgap.problems.adversarial_example.spec import PerturbedInputs

    moved = np.asarray(point, dtype=np.float64)[: problem.inputs.size]
    return PerturbedInputs(points=moved.reshape(problem.inputs.shape))
