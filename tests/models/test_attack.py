"""``dualgap.Attack``: JAX functions of any kind, in process, with nothing proved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dualgap
from dualgap import Evidence, NoRouteError, SpecError, Verdict
from dualgap.solvers.attacks.attack import Attack as Solver
from tests.solvers.attacks.nets import examples

RNG = np.random.default_rng(0)
WEIGHTS = {"first": RNG.normal(size=(6, 3, 2)), "last": RNG.normal(size=(6, 4))}
INPUTS = RNG.uniform(size=(5, 3, 2))


def smooth(parameters, x):
    """No ReLU network: tanh, and inputs with two dimensions."""
    return jnp.tanh(jnp.einsum("nij,kij->nk", x, parameters["first"])) @ parameters["last"]


LABELS = np.asarray(smooth(WEIGHTS, INPUTS)).argmax(axis=1)


def attacked(**fields):
    given = {"radius": 0.1, "clip": (0, 1), "parameters": WEIGHTS}
    return dualgap.Attack(smooth, INPUTS, LABELS, **{**given, **fields})


@pytest.mark.parametrize(("norm", "order"), [("inf", np.inf), ("2", 2), ("1", 1)])
def test_any_function_is_attacked_within_ball_and_clip(norm, order):
    problem = attacked(norm=norm, radius=0.2)
    run = dualgap.solve(problem, "attack")
    assert run.answer.points.shape == INPUTS.shape
    shift = (run.answer.points - INPUTS).reshape(5, -1)
    assert (np.linalg.norm(shift, ord=order, axis=1) <= 0.2 * (1 + 1e-9)).all()
    assert run.certificate.value < problem.evaluate(problem.trivial()).objective
    assert run.certificate.evidence is Evidence.NONE
    assert not run.isolated


def test_a_network_as_a_function_gives_what_the_network_gives():
    network = examples("inf", 0.1).network
    inputs = examples("inf", 0.1).inputs
    first, last = network.layers

    def function(x):
        return jax.nn.relu(x @ first.weight.T + first.bias) @ last.weight.T + last.bias

    problem = dualgap.Attack(function, inputs, examples("inf", 0.1).labels, radius=0.1, clip=(0, 1))
    one = dualgap.solve(problem, Solver(), isolate=False)
    other = dualgap.solve(examples("inf", 0.1), Solver(), isolate=False)
    assert one.certificate.value == pytest.approx(other.certificate.value, abs=1e-5)


def test_a_lipschitz_constant_is_taken_on_ones_word():
    problem = attacked(lipschitz=50)
    certificate = dualgap.solve(problem, Solver(), isolate=False).certificate
    assert certificate.evidence is Evidence.CLAIMED
    assert certificate.bound == pytest.approx(problem.margins(problem.flat).mean() - 5)
    wrong = dualgap.solve(attacked(lipschitz=1e-6), Solver(), isolate=False)
    assert wrong.certificate.verdict is Verdict.CONTRADICTED


def test_verdicts_count_inputs():
    run = dualgap.solve(attacked(goal="verdict", radius=0.9), Solver(), isolate=False)
    assert run.certificate.value in {k / 5 for k in range(6)}
    assert run.certificate.metrics["all"]["clean accuracy"] == 1


def test_targets_are_kept_to():
    targets = (LABELS + 1) % 4
    problem = attacked(targets=targets)
    points = dualgap.solve(problem, Solver(), isolate=False).answer.points
    logits = np.asarray(smooth(WEIGHTS, points))
    rows = np.arange(5)
    np.testing.assert_allclose(
        problem.margins(points.reshape(5, -1)), logits[rows, LABELS] - logits[rows, targets], atol=1e-5
    )


def test_points_beyond_are_violations():
    problem = attacked()
    found = problem.evaluate(problem.answer_type(points=INPUTS + 0.5))
    assert set(found.violations) == {"beyond the radius", "outside clip"}
    assert set(problem.evaluate(problem.answer_type(points=INPUTS[:2])).violations) == {"points"}


def test_figures_and_rows():
    problem = attacked()
    answer = dualgap.solve(problem, Solver(), isolate=False).answer
    assert len(problem.render(answer)) == 6
    pictures, sizes = problem.figures(answer)
    assert len(pictures.rows) == 5
    assert sizes.counts.sum() > 0


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"radius": -1}, "negative"),
        ({"clip": (0, 0.1)}, "inputs leave clip"),
        ({"targets": LABELS}, "its own class as its target"),
        ({"targets": np.full(5, 4)}, "no class"),
        ({"targets": [1]}, "one an input"),
        ({"norm": "3"}, "norm"),
    ],
)
def test_faults_are_told(fields, fault):
    with pytest.raises(SpecError) as error:
        attacked(**fields)
    assert fault in str(error.value)
    with pytest.raises(SpecError, match="k >= 2 logits"):
        dualgap.Attack(lambda x: x.sum(), INPUTS, LABELS, radius=0.1)


def test_the_numpy_backend_is_refused():
    with pytest.raises(NoRouteError, match="backend jax"):
        dualgap.solve(attacked(), Solver(backend="numpy"), isolate=False)
