"""The closed spec, its evaluation, and what files and words close to."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dualgap
from dualgap import AdversarialExample
from dualgap.core.errors import SpecError
from dualgap.core.resolve import Resolver
from dualgap.core.specs import close
from dualgap.engine.load import load
from dualgap.problems.adversarial_example import PerturbedInputs
from dualgap.problems.adversarial_example.margins import holds, rounding
from dualgap.problems.networks.network import Network
from tests.problems.networks.enumerated import forward, margin

LAYERS = [(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.zeros(2)), (np.eye(2) * 2 - 1, np.zeros(2))]
NETWORK = {"layers": [{"weight": weight, "bias": bias} for weight, bias in LAYERS]}
FIELDS = {"network": NETWORK, "inputs": [[0.7, 0.2], [0.3, 0.8]], "labels": [0, 1], "radius": 0.1, "clip": [0, 1]}


def problem(**changes):
    return AdversarialExample(**{**FIELDS, **changes})


def at(points):
    return PerturbedInputs(points=points)


def drawn(seed, classes=3):
    rng = np.random.default_rng(seed)
    widths = (3, 4, 2, classes)
    layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in pairwise(widths)]
    network = Network(layers=[{"weight": weight, "bias": bias} for weight, bias in layers])
    return layers, network, rng.uniform(size=(4, 3)), rng.integers(0, classes, 4)


@given(st.integers(0, 200), st.sampled_from([-1, 0]))
def test_margins_and_objective_by_a_plain_forward_pass(seed, target):
    layers, network, inputs, labels = drawn(seed)
    labels = np.where(labels == target, 1, labels)
    fields = {"network": network, "inputs": inputs, "labels": labels, "targets": np.full(4, target)}
    plain = [margin(layers, x, label, target) for x, label in zip(inputs, labels)]
    found = AdversarialExample(**fields, radius=1).evaluate(at(inputs))
    np.testing.assert_allclose(list(found.metrics["margin"].values()), plain, atol=1e-12)
    assert found.objective == pytest.approx(np.mean(plain))
    assert not found.violations
    verdict = AdversarialExample(**fields, radius=1, goal="verdict").evaluate(at(inputs))
    assert verdict.objective == Fraction(sum(value > 0 for value in plain), 4)


@given(st.integers(0, 100))
def test_rounding_covers_the_error_of_the_margins(seed):
    """Against the same sums in rationals."""
    _, network, inputs, labels = drawn(seed)
    hard = AdversarialExample(network=network, inputs=inputs, labels=labels, radius=1)
    values = hard.margins.of(network.forward(inputs))
    _, error = rounding(network, hard.margins, inputs)
    for i, x in enumerate(inputs):
        now = [Fraction(v) for v in x.tolist()]
        for place, layer in enumerate(network.layers):
            now = [
                sum((Fraction(w) * v for w, v in zip(row, now)), Fraction(b))
                for row, b in zip(layer.weight.tolist(), layer.bias.tolist())
            ]
            now = [max(v, Fraction(0)) for v in now] if place < len(network.layers) - 1 else now
        exact = min(now[labels[i]] - v for k, v in enumerate(now) if k != labels[i])
        assert abs(Fraction(float(values[i])) - exact) <= Fraction(float(error[i]))
        assert error[i] < 1e-12


def test_signs_are_exact_where_floats_are_not():
    """0.1 + 0.2 - 0.3 is 5.6e-17 for float64's sums, and 2.8e-17 exactly; with the last unit less it is negative."""
    weights = np.array([[0.1, 0.2, -0.3], [0.0, 0.0, 0.0]])
    for third, sign in ((-0.3, 1), (np.nextafter(-0.3, -1), -1)):
        weights[0, 2] = third
        exact = sum(map(Fraction, weights[0].tolist()))
        assert np.sign(exact) == sign
        network = Network(layers=[{"weight": weights, "bias": [0, 0]}])
        hard = AdversarialExample(network=network, inputs=[[1, 1, 1]], labels=[0], radius=0)
        assert holds(network, hard.margins, np.ones((1, 3))).tolist() == [sign > 0]


def test_claimed_shares_are_whole_inputs():
    verdict = problem(goal="verdict")
    assert [verdict.tighten(bound) for bound in (0.1, 0.5, 0.5000001, 0.6, -1.0)] == [0.5, 0.5, 0.5, 1.0, -1.0]
    assert problem().tighten(0.1) == 0.1


def test_a_tie_is_no_correct_answer():
    tied = problem(inputs=[[0.5, 0.5]], labels=[0], goal="verdict")
    assert tied.evaluate(tied.trivial()).objective == 0


@pytest.mark.parametrize(("norm", "size"), [("inf", 0.1), ("2", 0.1 * np.sqrt(2)), ("1", 0.2)])
def test_distances_and_violations_by_name(norm, size):
    hard = problem(norm=norm, radius=0.05)
    found = hard.evaluate(at([[0.8, 0.3], [0.3, 0.8]]))
    assert found.violations.keys() == {"input 0 beyond the radius"}
    assert found.violations["input 0 beyond the radius"].amount == pytest.approx(size - 0.05)
    assert found.metrics["distance"] == pytest.approx({"0": size, "1": 0})


def test_points_outside_their_box_are_violations():
    found = problem(names=["a", "b"], radius=1).evaluate(at([[0.7, -0.25], [0.3, 1.5]]))
    assert {name: float(by.amount) for name, by in found.violations.items()} == {
        "input b outside its box": 0.5,
        "input a outside its box": 0.25,
    }


def test_least_radii_count_where_the_label_is_lost():
    hard = problem(radius="minimal")
    wrong = at([[0.45, 0.45], [0.55, 0.55]])
    found = hard.evaluate(wrong)
    assert not found.violations
    assert found.objective == pytest.approx(0.25)
    assert hard.evaluate(at(hard.inputs)).violations.keys() == {"input 0 still holds", "input 1 still holds"}
    assert hard.trivial() is None
    lost = problem(radius="minimal", labels=[1, 0])
    assert lost.evaluate(lost.trivial()).objective == 0


def test_points_of_another_shape_or_beyond_the_floats_are_violations():
    assert problem().evaluate(at([[0.7, 0.2]])).violations
    assert problem().evaluate(at([[0.7, 0.2], [0.3, 1e308]])).violations.keys() == {"points"}


def test_targets_in_words():
    layers, network, inputs, _ = drawn(3)
    logits = np.array([forward(layers, x) for x in inputs])
    order = np.argsort(logits, axis=1)
    fields = {"network": network, "inputs": inputs, "labels": order[:, 2], "radius": 0.1}
    assert AdversarialExample(**fields).targets.tolist() == [-1] * 4
    assert AdversarialExample(**fields, target="runner-up").targets.tolist() == order[:, 1].tolist()
    wrong = {**fields, "labels": order[:, 0]}
    assert AdversarialExample(**wrong, target="runner-up").targets.tolist() == order[:, 2].tolist()
    assert AdversarialExample(**fields, target=order[:, 0].tolist()).targets.tolist() == order[:, 0].tolist()


def test_properties_stand_for_labels():
    rows, constants = [[1, -1], [0, 2]], [0.5, -0.25]
    fields = {"network": NETWORK, "inputs": [[0.7, 0.2]], "radius": 1}
    hard = AdversarialExample(**fields, rows=rows, constants=constants, lower=[0.5, 0.0], upper=[0.9, 0.4])
    logits = forward(LAYERS, np.array([0.7, 0.2]))
    found = hard.evaluate(hard.trivial())
    assert found.objective == pytest.approx(min(np.array(rows) @ logits + constants))
    assert "label" not in found.metrics
    assert hard.evaluate(at([[0.95, 0.2]])).violations.keys() == {"input 0 outside its box"}


FAULTS = {
    "no inputs": ({"inputs": np.zeros((0, 2)), "labels": []}, "no inputs"),
    "width": ({"inputs": [[1, 2, 3]], "labels": [0]}, "3 entries each, the network takes 2"),
    "labels": ({"labels": [0]}, "labels has 1 entries, inputs 2"),
    "no such class": ({"labels": [0, 2]}, "label 2 of input 1 is no class"),
    "fractions": ({"labels": [0, 0.5]}, "whole numbers"),
    "target": ({"target": "nearest"}, "target is 'nearest'"),
    "targets": ({"target": [1]}, "targets has 1 entries"),
    "its own class": ({"target": 1}, "input 1 has its own class"),
    "both targets": ({"target": 1, "targets": [1, 0]}, "both target and targets"),
    "radius": ({"radius": -0.1}, "negative radius"),
    "radius in words": ({"radius": "least"}, '"minimal"'),
    "norm": ({"norm": 3}, "'inf', '2' or '1'"),
    "clip": ({"clip": [1, 0]}, "the least value comes first"),
    "outside": ({"clip": [0.25, 1]}, "entry 1 of input 0, 0.2, is outside"),
    "boxes": ({"lower": [[0, 0]], "upper": [[1, 1]]}, "lower is 1 x 2, inputs 2 x 2"),
    "one box": ({"lower": [[0, 0], [0, 0]]}, "upper is 0"),
    "rows and labels": ({"rows": [[1, 0]], "constants": [0]}, "both labels and rows"),
    "rows": ({"rows": [[1]], "constants": [0], "labels": []}, "rows is 1 x 1"),
    "names": ({"names": ["a"]}, "names has 1 entries"),
    "layers": ({"network": {"layers": []}}, "no layers"),
    "sizes": ({"network": {"layers": [{"weight": [[1, 2]], "bias": [1, 2]}]}}, "bias has 2 entries, weight 1 rows"),
    "order": ({"network": {"layers": NETWORK["layers"] + [{"weight": [[1]], "bias": [1]}]}}, "layer 2 1 inputs"),
    "one output": ({"network": {"layers": [{"weight": [[1, 2]], "bias": [1]}]}}, "one output"),
    "not a number": ({"inputs": [[0.7, float("nan")], [0, 0]]}, "finite"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    changes, message = FAULTS[name]
    with pytest.raises(SpecError) as caught:
        problem(**changes)
    assert message in str(caught.value)


# Files.
def closed(folder, **fields):
    kinds = {"adversarial-example": AdversarialExample}
    return close({"kind": "adversarial-example", **fields}, kinds, Resolver(folder))


def test_data_of_images_by_column(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.uniform(size=(6, 1, 2, 2)).astype(np.float32), np.array([0, 1, 0, 1, 1, 0], dtype=np.uint8)
    np.savez(tmp_path / "data.npz", x=images, y=labels, t=1 - labels, id=np.arange(6) + 100)
    np.savez(tmp_path / "net.npz", **{"0.weight": rng.normal(size=(2, 4)), "0.bias": np.zeros(2)})
    common = {"network": {"file": "net.npz"}, "data": "data.npz", "inputs": "x", "labels": "y", "radius": 0.1}
    whole = closed(tmp_path, **common, names="id")
    assert np.array_equal(whole.inputs, images.reshape(6, 4).astype(float))
    assert whole.input_names[0] == "100"
    some = closed(tmp_path, **common, names="id", target="t", select=[4, 0])
    assert (some.labels.tolist(), some.targets.tolist(), some.input_names) == ([1, 0], [0, 1], ("104", "100"))
    assert closed(tmp_path, **common, count=2).inputs.shape == (2, 4)
    scaled = closed(tmp_path, **common, normalize={"mean": 0.5, "std": 0.25})
    np.testing.assert_allclose(scaled.network.forward(whole.inputs), whole.network.forward((whole.inputs - 0.5) / 0.25))
    for wrong in ({"count": 7}, {"count": 0}, {"select": [6]}, {"select": []}, {"count": 1, "select": [1]}):
        with pytest.raises(SpecError, match=r"count|select"):
            closed(tmp_path, **common, **wrong)


def test_columns_of_a_csv_file(tmp_path):
    (tmp_path / "data.csv").write_text("a,b,label\n0.7,0.2,0\n0.3,0.8,1\n")
    hard = closed(tmp_path, network=NETWORK, data="data.csv", inputs=["a", "b"], labels="label", radius=0.1)
    assert hard.inputs.tolist() == FIELDS["inputs"]


def test_images_with_channels_last_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((1, 4, 4, 3)), y=[0])
    rng = np.random.default_rng(0)
    arrays = {"0.weight": rng.normal(size=(1, 3, 2, 2)), "1.weight": rng.normal(size=(2, 9))}
    np.savez(tmp_path / "net.npz", **arrays)
    network = {"file": "net.npz", "shape": [3, 4, 4]}
    with pytest.raises(SpecError, match="channels come first"):
        closed(tmp_path, network=network, data="data.npz", inputs="x", labels="y", radius=0.1)


PROPERTY = """(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(declare-const Y_1 Real)
(assert (<= X_0 0.9))
(assert (>= X_0 0.5))
(assert (<= X_1 0.3))
(assert (>= X_1 0.1))
(assert (<= Y_0 Y_1))
"""


def test_a_vnnlib_property_as_a_field_and_as_a_spec(tmp_path):
    (tmp_path / "prop.vnnlib").write_text(PROPERTY)
    weights = {f"{k}.weight": weight for k, (weight, _) in enumerate(LAYERS)}
    np.savez(tmp_path / "net.npz", **weights)
    spec = tmp_path / "spec.toml"
    spec.write_text('kind = "adversarial-example"\nnetwork = {file = "net.npz"}\nproperty = {file = "prop.vnnlib"}\n')
    one = dualgap.load(spec)
    other = load(tmp_path / "prop.vnnlib", settings={"network.file": "net.npz"}).problem
    assert one.digest() == other.digest()
    run = dualgap.solve(one, "relu-branching", isolate=False)
    assert run.certificate.value == pytest.approx(0.4)  # 2 (x_0 - x_1) at (0.5, 0.3)
    with pytest.raises(SpecError, match="labels: beside property"):
        closed(tmp_path, network=NETWORK, property={"file": "prop.vnnlib"}, labels=[0])
    with pytest.raises(SpecError, match=r"property\.file"):
        closed(tmp_path, network=NETWORK, property="prop.vnnlib")
