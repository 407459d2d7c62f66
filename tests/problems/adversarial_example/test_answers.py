"""Perturbed inputs of other tools, graded and shown."""

import numpy as np
import pytest

import dualgap
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.examples import example

SPEC = example(AdversarialExample, "digits")


@pytest.fixture(scope="module")
def problem():
    return dualgap.load(SPEC)


@pytest.fixture(scope="module")
def shifted(problem):
    """Every grey level 0.05 further, as a clumsy attack would have it."""
    return np.clip(problem.inputs + 0.05, 0, 1)


def saved(folder, array, form):
    path = folder / f"perturbed.{form.split()[0]}"
    match form:
        case "npy":
            np.save(path, array)
        case "npz":
            np.savez(path, array.astype(np.float32))
        case "npz named":
            np.savez(path, clean=np.zeros(3), x_adv=array.reshape(10, 1, 8, 8))
        case "csv":
            np.savetxt(path, array, delimiter=",")
    return path


@pytest.mark.parametrize("form", ["npy", "npz", "npz named", "csv"])
def test_files_of_other_tools_are_graded(form, problem, shifted, tmp_path):
    run = dualgap.verify(problem, saved(tmp_path, shifted, form))
    assert run.certificate.verdict == "feasible"
    wanted = problem.margins.of(problem.network.forward(shifted)).mean()
    assert run.certificate.value == pytest.approx(wanted, abs=1e-5)


def test_pictures_of_the_worst_inputs(problem, shifted):
    pictures, histogram = problem.figures(problem.read_answer({"points": shifted}))
    assert pictures.rows[0][1][0].pixels.shape == (8, 8)
    margins = problem.margins.of(problem.network.forward(shifted))
    assert pictures.rows[0][0].startswith(f"input {margins.argmin()},")
    assert histogram.counts.sum() == (np.abs(shifted - problem.inputs) > 1e-12).sum()


def test_what_was_changed_is_told(problem, shifted):
    header, first, *_ = problem.render(problem.read_answer({"points": shifted}))
    assert header == ("input", "entries changed", "on average by", "most", "at")
    moved = np.count_nonzero(shifted[0] - problem.inputs[0])
    assert first[1] == f"{moved} of 64"
