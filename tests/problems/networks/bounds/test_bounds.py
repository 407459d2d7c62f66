"""Bounds of networks: sound at every point, ordered, and as tight as the linear relaxation where that is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dualgap.problems.networks.bounds import crown_bounds, interval_bounds
from dualgap.problems.networks.bounds.dual import backward, intervals, sloped
from dualgap.problems.networks.bounds.layers import layers_of
from dualgap.problems.networks.bounds.nodes import Node
from dualgap.problems.networks.bounds.program import encode
from dualgap.problems.networks.bounds.spans import crown_spans, interval_spans
from dualgap.problems.networks.network import Convolution, Dense, Network
from tests.problems.networks.bounds.drawn import network, points, query


def values(asked, at):
    return np.array([asked.values(x[asked.item]) for x in at])


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["inf", "1", "2"]), st.integers(0, 3))
def test_no_point_is_below_a_bound(seed, norm, hidden):
    rng = np.random.default_rng(seed)
    asked = query(rng, network(rng, (4, *[5] * hidden, 3)), norm, radius=rng.uniform(0.01, 1.0))
    simple, crown = interval_bounds(asked), crown_bounds(asked)
    seen = values(asked, points(rng, asked.region)).min(axis=0)
    assert (simple <= crown + 1e-12).all()
    assert (crown <= seen).all()


@pytest.mark.parametrize("norm", ["inf", "1", "2"])
@pytest.mark.parametrize("rule", [interval_spans, crown_spans])
def test_neurons_stay_in_their_intervals(norm, rule):
    rng = np.random.default_rng(3)
    asked = query(rng, network(rng), norm)
    spans = rule(asked.layers, asked.region)
    now = points(rng, asked.region)
    for layer, span in zip(asked.layers, spans):
        before = now @ layer.matrix.T + layer.bias
        assert (span.lower <= before).all()
        assert (before <= span.upper).all()
        now = np.maximum(before, 0.0)


@given(st.integers(0, 2**32 - 1))
def test_any_multipliers_give_a_bound(seed):
    rng = np.random.default_rng(seed)
    asked = query(rng, network(rng, (3, 5, 4, 2)))
    local = [span.take(asked.item) for span in crown_spans(asked.layers, asked.region)]
    wild = backward(
        asked.layers,
        local,
        asked.region.take(asked.item),
        asked.starts(),
        lambda place, coefficient, span: rng.normal(size=coefficient.shape) * 10.0 ** rng.integers(-3, 4),
    )
    seen = values(asked, points(rng, asked.region)).min(axis=0)
    assert (wild.bound <= seen).all()


def test_without_multipliers_it_is_interval_arithmetic():
    rng = np.random.default_rng(4)
    asked = query(rng, network(rng, (4, 6, 3)))
    (span,) = interval_spans(asked.layers, asked.region)
    last = asked.rows @ asked.layers[-1].matrix
    low, high = np.maximum(span.lower, 0)[asked.item], np.maximum(span.upper, 0)[asked.item]
    expected = np.where(last > 0, last * low, last * high).sum(axis=1) + asked.rows @ asked.layers[-1].bias
    np.testing.assert_allclose(interval_bounds(asked), expected, atol=1e-12)
    found = backward(asked.layers, [span.take(asked.item)], asked.region.take(asked.item), asked.starts(), intervals)
    np.testing.assert_allclose(found.bound, expected, atol=1e-12)


def test_crown_is_its_own_linear_function_at_its_worst_corner():
    """By hand, with slopes of one half: f(x) >= slopes x + offset, and the bound is that function's least value."""
    rng = np.random.default_rng(5)
    asked = query(rng, network(rng, (3, 8, 2)), sets=1)
    (span,) = crown_spans(asked.layers, asked.region)
    found = backward(
        asked.layers,
        [span],
        asked.region,
        asked.starts(),
        lambda place, coefficient, own: sloped(coefficient, own, np.full(coefficient.shape, 0.5)),
    )
    weight, bias = asked.layers[0].matrix, asked.layers[0].bias
    a = (asked.rows @ asked.layers[1].matrix)[0]
    low, high = span.lower[0], span.upper[0]
    share = np.where(low >= 0, 1.0, np.where(high <= 0, 0.0, np.where(a >= 0, 0.5, high / (high - low))))
    shift = np.where((low < 0) & (high > 0) & (a < 0), -share * low, 0.0)
    np.testing.assert_allclose(found.slopes[0], (a * share) @ weight)
    offset = (a * share) @ bias + a @ shift + asked.rows[0] @ asked.layers[1].bias
    assert found.offset[0] == pytest.approx(offset, abs=1e-10)
    corner = np.where(found.slopes[0] > 0, asked.region.lower[0], asked.region.upper[0])
    assert found.bound[0] == pytest.approx(found.slopes[0] @ corner + offset, abs=1e-10)


@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize("seed", range(4))
def test_duals_of_the_relaxation_prove_its_value(norm, seed):
    rng = np.random.default_rng(seed)
    asked = query(rng, network(rng, (4, 8, 8, 2)), norm, sets=1, radius=1.0)
    node = Node(asked.region, crown_spans(asked.layers, asked.region))
    encoded = encode(asked.layers, node)
    narrow = node.narrowed(asked.layers, node.bounded(asked.layers, asked.starts(), encoded.neurons, None), 2.0)
    first, second = node.split(*asked.place(int(encoded.numbers[0])))
    for where in (node, narrow, first, second):
        if where.empty:
            continue
        value, duals = solved(encoded.relaxation(where, asked.rows[0], 0.0))
        if value is None:
            continue
        found = where.bounded(asked.layers, asked.starts(), encoded.neurons, encoded.multipliers(where, duals))
        assert found.bound[0] == pytest.approx(value, abs=1e-6)
        assert found.bound[0] <= value + 1e-7


def solved(form):
    """The linear program's value and duals by SciPy: rows as equalities with slacks in their ranges."""
    rows = form.matrix.shape[0]
    matrix = np.hstack([form.matrix.toarray(), -np.eye(rows)])
    bounds = [*zip(form.lower, form.upper), *zip(form.row_lower, form.row_upper)]
    found = linprog(np.append(form.cost, np.zeros(rows)), A_eq=matrix, b_eq=np.zeros(rows), bounds=bounds)
    return (found.fun + form.offset, found.eqlin.marginals) if found.status == 0 else (None, None)


def test_normalised_convolutions_are_bounded_as_their_dense_twin():
    rng = np.random.default_rng(6)
    filters = rng.normal(size=(2, 1, 2, 2))
    sparse = Convolution(weight=filters, bias=rng.normal(size=2), shape=(1, 3, 3))
    dense = Dense(weight=sparse.operator.matrix.toarray(), bias=sparse.operator.bias)
    last = Dense(weight=rng.normal(size=(2, dense.outputs)), bias=rng.normal(size=2))
    nets = [Network(layers=(first, last), mean=[0.4], std=[0.3]) for first in (sparse, dense)]
    asked = [query(np.random.default_rng(7), net) for net in nets]
    np.testing.assert_allclose(crown_bounds(asked[0]), crown_bounds(asked[1]), atol=1e-9)
    assert not isinstance(layers_of(nets[0])[0].matrix, np.ndarray)
    seen = values(asked[0], points(rng, asked[0].region)).min(axis=0)
    assert (crown_bounds(asked[0]) <= seen).all()
