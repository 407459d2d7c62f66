"""Templates: evaluation, bounds from inputs alone, the linked program against grids, specs and reports."""

import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import dualgap
from dualgap import Evidence, Sense, SpecError, UniversalTemplate
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.figures import Histogram, Pictures
from dualgap.core.witness import Exhaustion
from dualgap.problems.examples import example
from dualgap.problems.networks.bounds import MarginBounds
from dualgap.problems.networks.network import Dense, Network
from dualgap.problems.universal_template import Template
from dualgap.solvers.attacks.attack import Attack

CROWN = MarginBounds(method="crown")


def drawn(seed=0, size=5, **options):
    return UniversalTemplate.generate(size, seed, **options)


def with_fields(problem, **fields):
    return UniversalTemplate(**{**problem.content(), "network": problem.network, **fields})


def solved(problem, solver, **more):
    return dualgap.solve(problem, solver, isolate=False, time=60, **more)


def test_the_value_is_recomputed_from_the_images_with_the_template():
    problem = drawn(1)
    delta = np.random.default_rng(0).uniform(-0.5, 0.5, 4)
    found = problem.evaluate(Template(delta=delta))
    logits = problem.network.forward(np.clip(problem.inputs + delta, 0, 1))
    won = sum(row.argmax() == problem.target for row in logits)
    assert found.objective == Fraction(int(won), 5)
    assert not found.violations
    margin = with_fields(problem, goal="margin")
    others = np.delete(logits, problem.target, axis=1).max(axis=1) - logits[:, problem.target]
    assert margin.evaluate(Template(delta=delta)).objective == pytest.approx(np.maximum(others, 0).mean())
    assert (problem.sense, margin.sense) == (Sense.MAXIMIZE, Sense.MINIMIZE)


@pytest.mark.parametrize(("norm", "size"), [("inf", 0.5), ("2", 1.0), ("1", 2.0)])
def test_templates_beyond_the_radius_are_violations(norm, size):
    problem = drawn(norm=norm, radius=0.25)
    found = problem.evaluate(Template(delta=np.full(4, 0.5)))
    assert found.violations["radius"].amount == pytest.approx(size - 0.25)
    assert found.metrics["inputs"]["size"] == pytest.approx(size)
    assert set(problem.evaluate(Template(delta=np.zeros(3))).violations) == {"delta"}


@pytest.mark.parametrize("goal", ["success", "margin"])
@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize("seed", range(3))
def test_independent_bound_linked_program_and_attack_are_in_order(seed, norm, goal):
    """What inputs allow alone, what one template can do, what the attack finds."""
    problem = drawn(seed, norm=norm, radius={"inf": 0.5, "1": 1.2}[norm], goal=goal)
    alone = problem.bound(CROWN)
    exact, attack = solved(problem, "highs").certificate, solved(problem, Attack(restarts=20)).certificate
    sign = -1 if goal == "success" else 1
    assert alone.evidence is Evidence.PROVED
    assert sign * alone.value <= sign * float(exact.bound) + 1e-6
    assert sign * float(exact.bound) <= sign * float(exact.value) + 1e-6
    assert sign * float(exact.value) <= sign * float(attack.value) + 1e-6
    assert float(exact.value) == pytest.approx(float(exact.bound), abs=1e-5)
    assert attack.bound == alone.value
    assert abs(float(attack.value) - float(exact.value)) <= (0.2 if goal == "success" else 0.15)


def test_the_linked_program_finds_what_a_grid_finds():
    """Two inputs of two entries each, on a grid of templates; clipping at both ends."""
    rng = np.random.default_rng(5)
    layers = (
        Dense(weight=3 * rng.normal(size=(4, 2)), bias=rng.normal(size=4)),
        Dense(weight=rng.normal(size=(3, 4)), bias=np.zeros(3)),
    )
    network = Network(layers=layers)
    inputs = np.array([[0.0, 1.0], [0.2, 0.0], [1.0, 0.4]])
    logits = network.forward(inputs)
    target = int(logits.sum(axis=0).argmin())
    labels = np.where(logits.argmax(axis=1) == target, (target + 1) % 3, logits.argmax(axis=1))
    problem = UniversalTemplate(
        network=network, inputs=inputs, labels=labels, target=target, radius=0.7, clip=(0, 1), goal="margin"
    )
    steps = np.linspace(-0.7, 0.7, 141)
    values = [problem.evaluate(Template(delta=np.array([a, b]))).objective for a in steps for b in steps]
    exact = solved(problem, "highs").certificate
    assert float(exact.value) <= min(values) + 1e-9
    assert float(exact.value) >= min(values) - 0.1
    assert float(exact.bound) == pytest.approx(float(exact.value), abs=1e-6)


def test_only_margin_bounds_prove_something():
    with pytest.raises(InvalidWitnessError, match="takes no exhaustion witness"):
        drawn().bound(Exhaustion())


def test_no_program_in_the_l2_norm_and_success_is_a_relaxation():
    assert drawn(norm="2").views() == ()
    (view,) = drawn().views()
    assert str(view.relation) == "relaxation"
    assert drawn().tighten(0.93) == pytest.approx(0.8)


def test_held_out_inputs_are_judged_apart():
    problem = drawn(2, size=8)
    kept = with_fields(
        problem,
        inputs=problem.inputs[:6],
        labels=problem.labels[:6],
        held_out=problem.inputs[6:],
        held_out_labels=problem.labels[6:],
    )
    delta = np.full(4, 0.3)
    metrics = kept.evaluate(Template(delta=delta)).metrics
    whole = problem.evaluate(Template(delta=delta)).metrics["inputs"]["success rate"]
    assert 8 * whole == 6 * metrics["inputs"]["success rate"] + 2 * metrics["held out"]["success rate"]


def spec_folder(folder, **fields):
    rng = np.random.default_rng(3)
    x = rng.uniform(size=(40, 4)).round(3)
    network = {"fc1.weight": rng.normal(size=(5, 4)), "fc1.bias": np.zeros(5)}
    network |= {"fc2.weight": rng.normal(size=(3, 5)), "fc2.bias": np.zeros(3)}
    np.savez(folder / "net.npz", **network)
    np.savez(folder / "data.npz", x=x, y=np.arange(40) % 3)
    spec = {
        "kind": "universal-template",
        "network": {"file": "net.npz"},
        "data": "data.npz",
        "inputs": "x",
        "labels": "y",
        "target": 2,
        "radius": 0.2,
        "clip": [0, 1],
        **fields,
    }
    path = folder / "template.json"
    path.write_text(json.dumps(spec))
    return path


def test_specs_drop_the_target_class_and_hold_out_a_share(tmp_path):
    problem = dualgap.load(spec_folder(tmp_path, split={"test": 0.25, "seed": 7}))
    assert (len(problem.inputs), len(problem.held_out)) == (20, 7)
    assert set(problem.labels.tolist()) == {0, 1}
    again = dualgap.load(spec_folder(tmp_path, split={"test": 0.25, "seed": 7}))
    assert again == problem
    assert dualgap.load(spec_folder(tmp_path, split={"test": 0.25, "seed": 8})) != problem
    assert len(dualgap.load(spec_folder(tmp_path)).held_out) == 0


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"target": 9}, "target 9 is no class"),
        ({"radius": -1}, "negative radius"),
        ({"clip": [1, 0]}, "is empty"),
        ({"clip": [0, 0.5]}, "inputs leave clip"),
        ({"split": 0.3}, "write {test = 0.3, seed = 0}"),
        ({"split": {"test": 2}}, "a share of"),
        ({"split": {"test": 0.2, "seed": -1}}, "a share of"),
        ({"split": {"test": "x"}}, "split"),
        ({"split": {}, "held_out": [[0, 0, 0, 0]]}, "one of split and held_out"),
        ({"norm": "3"}, "norm"),
        ({"labels": [1, 2]}, "one label an input"),
        ({"labels": "z"}, "no column 'z'"),
        ({"inputs": 5}, "inputs"),
        ({"shape": [3, 3]}, "doesn't fit 4 inputs"),
        ({"network": {"file": "nowhere.npz"}}, "no file"),
        ({"network": 7}, "network"),
        ({"goal": "win"}, "goal"),
    ],
)
def test_faults_name_their_place(tmp_path, fields, fault):
    with pytest.raises(SpecError) as error:
        dualgap.load(spec_folder(tmp_path, **fields))
    assert fault in str(error.value)


def test_figures_show_the_template_and_what_it_does():
    problem = drawn(1, inputs=9)
    delta = np.linspace(-0.5, 0.5, 9)
    pictures, sizes = problem.figures(Template(delta=delta))
    assert isinstance(pictures, Pictures)
    assert isinstance(sizes, Histogram)
    name, (template,) = pictures.rows[0]
    assert (name, template.signed, template.pixels.shape) == ("the template", True, (3, 3))
    np.testing.assert_array_equal(template.pixels.ravel(), delta)
    assert sizes.counts.sum() == 8
    assert [type(figure) for figure in drawn(inputs=5).figures(Template(delta=np.ones(5)))] == [Histogram]


def test_a_table_of_the_classes_won():
    problem = drawn(1)
    header, *rows = problem.render(solved(problem, Attack()).answer)
    assert header == ("label", "inputs", "taken for the target before", "after")
    assert sum(int(row[1]) for row in rows) == 5


def test_a_run_is_verified_in_another_process(tmp_path):
    """Its witness is known wherever the kind is."""
    spec = example(UniversalTemplate)
    run = solved(dualgap.load(spec), Attack())
    path = tmp_path / "run.json"
    run.save(path)
    command = [sys.executable, "-m", "dualgap", "verify", str(spec), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Optimal, proved: success rate 0.75"), done.stderr
