"""Adversarial examples on the command line: other tools' inputs graded, bad networks refused."""

import numpy as np
import pytest

import dualgap
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.examples import example

SPEC = example(AdversarialExample, "digits")


@pytest.fixture(scope="module")
def shifted():
    """Every grey level 0.05 further, as a clumsy attack would have it."""
    return np.clip(dualgap.load(SPEC).inputs + 0.05, 0, 1)


def saved(folder, array):
    np.savez(folder / "perturbed.npz", array.astype(np.float32))
    return folder / "perturbed.npz"


def test_the_command_line_says_what_is_left(cli, shifted, tmp_path):
    result = cli("verify", SPEC, saved(tmp_path, shifted))
    assert result.code == 0
    assert result.out.startswith("Clean accuracy 100 %, robust accuracy in [0 %, ")
    assert "verdict" in result.out


def test_points_beyond_the_radius_are_violated(cli, shifted, tmp_path):
    result = cli("verify", SPEC, saved(tmp_path, shifted + 0.01))
    assert result.code == 5
    assert "Wrong: the answer violates input" in result.out


def test_arrays_that_are_no_answer(cli, shifted, tmp_path):
    np.savez(tmp_path / "two.npz", a=shifted, b=shifted)
    np.save(tmp_path / "short.npy", shifted[:3])
    np.save(tmp_path / "nan.npy", np.full_like(shifted, np.nan))
    for name, message in (("two", "call the perturbed inputs points"), ("short", "3 x 64"), ("nan", "finite")):
        path = next(tmp_path.glob(f"{name}.*"))
        result = cli("verify", SPEC, path)
        assert result.code == 2
        assert message in " ".join(result.err.split())


GARBAGE = {
    'network = {file = "../network.pt"}': "no file",
    "network = 3": "network",
    "network = {layers = 3}": "network.layers",
    "network = {layers = [{weight = [[1, 2], [3]], bias = [0, 0]}]}": "rows differ in length",
    "network = {layers = [{weight = [[1]], bias = [0], shape = [1, 1, 1]}]}": "4",
    "network = {layers = [], std = [0]}": "layers",
    'network = {file = "spec.toml"}': "can't read a network",
    'network = {layers = [{weight = "x", bias = [0]}]}': "expected an array",
}


@pytest.mark.parametrize("line", GARBAGE)
def test_bad_networks_are_faults_of_the_spec(cli, line, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(f'kind = "adversarial-example"\n{line}\ninputs = [[1]]\nlabels = [0]\nradius = 0.1\n')
    result = cli("solve", path)
    assert result.code == 2, result.err
    assert GARBAGE[line] in result.err
