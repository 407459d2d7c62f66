"""Losses and networks' gradients: by hand against JAX's, and against differences."""

import jax
import numpy as np
import pytest

from dualgap.solvers.attacks.forward import function, layouts, numpy_slope, parameters, traced_slope
from dualgap.solvers.attacks.losses import Sides, lowered
from dualgap.solvers.jax_scope import x64
from tests.solvers.attacks.nets import convolved, dense

LOSSES = ["margin", "log-odds", "dlr"]


def sides(rows, classes, seed=3):
    label = np.random.default_rng(seed).integers(0, classes, rows)
    upper = np.arange(classes) == label[:, None]
    return Sides(upper, ~upper)


@pytest.mark.parametrize("network", [dense((5, 7, 6, 4)), convolved()], ids=["dense", "convolution"])
@pytest.mark.parametrize("loss", LOSSES)
def test_numpy_and_jax_agree(network, loss):
    x = np.random.default_rng(1).uniform(size=(6, network.inputs))
    rows = sides(6, network.outputs)
    by_hand = numpy_slope(network, loss)(x, (None, rows))
    with x64():
        logits = function(layouts(network))
        traced = jax.jit(traced_slope(logits, loss))(x, (parameters(network), rows))
        np.testing.assert_allclose(logits(parameters(network), x), network.forward(x), atol=1e-10)
    for one, other in zip(by_hand, traced, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_the_losses_slopes(loss):
    rng = np.random.default_rng(2)
    logits, rows = rng.normal(size=(5, 4)), sides(5, 4)
    found = lowered(logits, rows, loss)
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-6
        ahead, behind = (lowered(logits + sign * step, rows, loss).loss for sign in (1, -1))
        np.testing.assert_allclose(found.gradient[:, j], (ahead - behind) / 2e-6, atol=1e-6)


def test_the_margin_is_the_label_against_the_best_other():
    logits = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    upper = np.array([[True, False, False], [True, False, False]])
    np.testing.assert_array_equal(lowered(logits, Sides(upper, ~upper), "margin").margin, [1.0, -5.0])
    third = np.array([[False, False, True], [False, False, True]])
    np.testing.assert_array_equal(lowered(logits, Sides(~third, third), "log-odds").margin, [1.0, 1.0])
