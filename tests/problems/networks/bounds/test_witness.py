"""Trees as witnesses: what they prove, what they can't, and those that are none."""

import numpy as np
import pytest

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.networks.bounds import MarginBounds, lower_bounds, prove
from dualgap.problems.networks.bounds.witness import LEAF, NARROWED, Tree, packed, unpacked
from tests.problems.networks.bounds.drawn import network, points, query

HIDDEN = 11


def tree(splits, priced=None, neurons=(0, 3, 7), **changes):
    priced = [0] * len(splits) if priced is None else priced
    fields = {
        "row": 0,
        "cutoff": 1.0,
        "neurons": np.array(neurons, dtype=np.int64),
        "splits": np.array(splits, dtype=np.int64),
        "priced": np.array(priced, dtype=np.int64),
        "multipliers": np.zeros((sum(priced), len(neurons))),
    }
    return Tree(**{**fields, **changes})


def test_trees_survive_the_way_to_plain_data():
    given = [
        tree([3, LEAF, NARROWED, LEAF], [0, 1, 0, 1]),
        tree([LEAF], [0], row=1, cutoff=-2.0),
        tree([LEAF], neurons=()),
    ]
    read = Witness.unpack(packed(given).pack())
    assert isinstance(read, MarginBounds)
    for before, after in zip(given, unpacked(read, 2, HIDDEN)):
        assert (before.row, before.cutoff) == (after.row, after.cutoff)
        for name in ("neurons", "splits", "priced"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
        assert before.multipliers.size == after.multipliers.size


@pytest.mark.parametrize(
    "broken",
    [
        tree([3, LEAF]),
        tree([3, LEAF, LEAF, LEAF]),
        tree([LEAF, LEAF]),
        tree([-3]),
        tree([HIDDEN, LEAF, LEAF]),
        tree([NARROWED]),
        tree([LEAF], row=2),
        tree([LEAF], row=-1),
        tree([LEAF], neurons=(3, 3)),
        tree([LEAF], neurons=(3, HIDDEN)),
        tree([LEAF], [1], multipliers=np.zeros((0, 3))),
        tree([LEAF], [2], multipliers=np.zeros((2, 3))),
        tree([]),
    ],
)
def test_what_is_no_tree_is_refused(broken):
    with pytest.raises(InvalidWitnessError):
        unpacked(packed([broken]), 2, HIDDEN)


def test_arrays_of_other_lengths_are_refused():
    for name in ("neurons", "splits", "priced", "multipliers", "cutoffs"):
        fields = packed([tree([3, LEAF, LEAF], [0, 1, 1])]).content()
        with pytest.raises(InvalidWitnessError):
            unpacked(MarginBounds.model_validate({**fields, name: fields[name][:-1]}), 2, HIDDEN)


@pytest.mark.parametrize("seed", range(5))
def test_trees_made_up_prove_nothing_false(seed):
    """Splits, multipliers and cutoffs at random: whatever they prove holds at every point."""
    rng = np.random.default_rng(seed)
    asked = query(rng, network(rng))
    every = np.arange(asked.hidden)
    trees = []
    for row in range(len(asked.item)):
        splits = [
            int(rng.integers(asked.hidden)),
            NARROWED,
            int(rng.integers(asked.hidden)),
            NARROWED,
            LEAF,
            LEAF,
            LEAF,
        ]
        priced = np.array([0, 1, 0, 1, 1, 0, 1])
        multipliers = rng.normal(size=(priced.sum(), len(every))) * rng.choice([0.0, 0.1, 1.0])
        cutoff = float(rng.normal() * 5.0)
        trees.append(tree(splits, priced.tolist(), every, row=row, cutoff=cutoff, multipliers=multipliers))
    found = lower_bounds(asked, packed(trees), 10.0)
    seen = np.array([asked.values(x[asked.item]) for x in points(rng, asked.region, 2000)]).min(axis=0)
    assert (found <= seen).all()


def problem(**changes):
    rng = np.random.default_rng(1)
    net = network(rng, (3, 4, 2))
    inputs = rng.uniform(size=(3, 3)).round(3)
    labels = net.forward(inputs).argmax(axis=1)
    return AdversarialExample(**{"network": net, "inputs": inputs, "labels": labels, "radius": 0.1, **changes})


def test_replays_keep_their_time():
    with pytest.raises(InvalidWitnessError, match="longer than 0 s"):
        prove(problem(), MarginBounds(method="crown"), 0.0)


def test_other_witnesses_are_refused():
    with pytest.raises(InvalidWitnessError, match="multipliers"):
        prove(problem(), Multipliers(rows=np.zeros(1)), 1.0)


@pytest.mark.parametrize("radii", [(), (0.1,), (0.1, -0.1, 0.1)])
def test_least_radii_come_with_one_for_every_input(radii):
    with pytest.raises(InvalidWitnessError, match="radius"):
        prove(problem(radius="minimal"), MarginBounds(method="crown", radii=np.array(radii, dtype=float)), 1.0)


def test_radii_that_are_not_safe_count_nothing():
    asked = problem(radius="minimal")
    assert prove(asked, MarginBounds(method="crown", radii=np.full(3, 100.0)), 1.0).value == 0.0
    few = prove(asked, MarginBounds(method="crown", radii=np.array([1e-9, 0.0, 100.0])), 1.0).value
    assert 0 < few <= 1e-9 / 3
