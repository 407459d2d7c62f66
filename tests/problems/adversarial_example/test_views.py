"""The mixed-integer program against enumeration of activation patterns."""

import numpy as np
import pytest

import dualgap
from dualgap import AdversarialExample
from dualgap.problems.adversarial_example.views import mixed_integer_program
from tests.problems.networks.enumerated import least_margin


def drawn(seed, norm="inf", **changes):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=shape), rng.normal(size=shape[0])) for shape in ((3, 2), (2, 3), (4, 2))]
    inputs, labels = rng.uniform(size=(2, 2)), rng.integers(0, 4, 2)
    fields = {
        "network": {"layers": [{"weight": weight, "bias": bias} for weight, bias in layers]},
        "inputs": inputs,
        "labels": labels,
        "radius": 0.4,
        "clip": (0, 1),
    }
    wanted = [least_margin(layers, x, 0.4, y, norm=norm, clip=(0, 1)) for x, y in zip(inputs, labels)]
    return AdversarialExample(**{"norm": norm, **fields, **changes}), float(np.mean(wanted))


@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_is_the_mean_least_margin(seed, norm):
    problem, wanted = drawn(seed, norm)
    run = dualgap.solve(problem, "highs", isolate=False)
    assert run.certificate.verdict == "claimed-optimal"
    assert run.certificate.value == pytest.approx(wanted, abs=1e-6)
    assert float(run.certificate.bound) == pytest.approx(wanted, abs=1e-6)


def test_inputs_come_first_in_the_columns():
    problem, _ = drawn(0)
    form = mixed_integer_program(problem)
    assert (form.lower[:4] <= problem.inputs.reshape(-1)).all()
    assert (form.upper[:4] >= problem.inputs.reshape(-1)).all()
    assert not form.integer[:4].any()
    (view,) = problem.views()
    point = np.arange(len(form.cost), dtype=float)
    assert view.decode(point).points.tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("changes", [{"goal": "verdict"}, {"radius": "minimal"}])
def test_what_no_program_states_exactly_has_no_view(changes):
    assert not drawn(0, **changes)[0].views()


def test_l2_balls_have_no_linear_rows():
    problem, _ = drawn(0)
    assert not problem.model_copy(update={"norm": "2"}).views()
