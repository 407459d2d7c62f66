"""The digits example: its script makes the files that are shipped, and its numbers hold together."""

import numpy as np
import pytest

import dualgap
from dualgap.problems.adversarial_example import AdversarialExample, digits
from dualgap.problems.examples import example

pytest.importorskip("sklearn")

SPEC = example(AdversarialExample, "digits")


@pytest.fixture(scope="module")
def data():
    return digits.load_digits()


def test_the_script_reproduces_the_shipped_files(tmp_path, capsys):
    digits.main([str(tmp_path)])
    assert "test accuracy 0.97" in capsys.readouterr().out
    for name in ("digits_network.npz", "digits.npz"):
        made, shipped = (np.load(folder / name) for folder in (tmp_path, SPEC.parent))
        assert made.files == shipped.files
        for array in made.files:
            np.testing.assert_allclose(made[array], shipped[array], atol=1e-4)


def test_the_shipped_network_reads_digits(data):
    problem = dualgap.load(SPEC)
    assert digits.accuracy(problem.network, data.test_images, data.test_digits) == pytest.approx(0.978, abs=1e-3)
    assert problem.labels.tolist() == list(range(10))
    shown = {row.tobytes() for row in data.images}
    assert not any(row.tobytes() in shown for row in problem.inputs)  # none of them was trained on


def test_wider_networks_on_request(data):
    network = digits.train(data, hidden=(8, 6), steps=3)
    assert [layer.outputs for layer in network.layers] == [8, 6, 10]


def test_gradients_are_those_of_the_loss(data):
    rng = np.random.default_rng(0)
    x, labels = data.images[:7], data.digits[:7]
    parts = [rng.normal(size=shape) / 4 for shape in ((5, 64), (10, 5), (5,), (10,))]

    def loss():
        hidden = np.maximum(x @ parts[0].T + parts[2], 0)
        logits = hidden @ parts[1].T + parts[3]
        entropy = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(7), labels]
        return entropy.mean() + digits._DECAY / 2 * sum((part**2).sum() for part in parts[:2])

    for part, slope in zip(parts, digits._gradient(parts, x, labels)):
        place = np.unravel_index(int(np.abs(slope).argmax()), slope.shape)
        kept = part[place]
        part[place] = kept + 1e-5
        above = loss()
        part[place] = kept - 1e-5
        below = loss()
        part[place] = kept
        assert (above - below) / 2e-5 == pytest.approx(slope[place], rel=1e-4)


def test_routes_agree_and_the_interval_is_told():
    problem = dualgap.load(SPEC)
    exact = dualgap.solve(problem, "relu-branching", isolate=False)
    assert exact.certificate.verdict == "optimal"
    assert exact.certificate.evidence == "proved"
    assert exact.certificate.statement.startswith(
        "Clean accuracy 100 %, robust accuracy 70 % under linf perturbations up to 0.05. Optimal, proved: mean margin"
    )
    attacked = dualgap.solve(problem, "attack", isolate=False)
    assert "robust accuracy in [0 %, 70 %]" in attacked.certificate.statement
    assert attacked.certificate.value == pytest.approx(exact.certificate.value, rel=1e-5)
    header, *rows = problem.render_metrics(exact.certificate.metrics)[0]
    assert header == ("input", "label", "prediction", "margin", "certified margin", "distance", "verdict")
    verdicts = [row[-1] for row in rows]
    assert (verdicts.count("robust"), verdicts.count("attacked")) == (7, 3)


def test_a_joint_certificate_tells_what_was_certified(tmp_path):
    """The attack's points with CROWN's bounds, which no exact solver settles in an l2 ball."""
    spec = dualgap.load(SPEC).content() | {"norm": "2", "radius": 0.25}
    run = dualgap.solve({"kind": "adversarial-example", **spec}, isolate=False)
    assert run.certificate.statement.startswith("Clean accuracy 100 %, robust accuracy 70 % under l2")
    run.save(tmp_path / "run.json")
    again = dualgap.verify({"kind": "adversarial-example", **spec}, tmp_path / "run.json")
    assert again.certificate.statement == run.certificate.statement


@pytest.mark.slow
def test_highs_agrees_on_the_mixed_integer_program():
    spec = {"kind": "adversarial-example", **dualgap.load(SPEC).content()}
    some = {**spec, "inputs": spec["inputs"][:3], "labels": [0, 1, 2], "targets": [-1, -1, -1]}
    exact, program = (dualgap.solve(some, name, isolate=False) for name in ("relu-branching", "highs"))
    assert program.certificate.verdict == "claimed-optimal"
    assert program.certificate.value == pytest.approx(exact.certificate.value, rel=1e-6)
