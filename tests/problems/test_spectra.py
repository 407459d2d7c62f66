"""The bound on a sum of largest eigenvalues holds for any pairs, and is tight for eigenpairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Spectrum
from dualgap.problems.spectra import sum_of_largest


def matrices(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    half, root = rng.normal(size=(2, size, size))
    return half + half.T, root @ root.T + np.eye(size)


def largest(b: np.ndarray, c: np.ndarray, count: int) -> Spectrum:
    values, vectors = eigh(b, c)
    return Spectrum(values=values[::-1][:count], vectors=vectors[:, ::-1][:, :count])


@pytest.mark.parametrize(("size", "count"), [(1, 1), (6, 2), (40, 3), (40, 40)])
def test_eigenpairs_give_their_sum(size: int, count: int) -> None:
    b, c = matrices(size, size)
    spectrum = largest(b, c, count)
    truth = float(spectrum.values.sum())
    bound = sum_of_largest(b, c, count, spectrum)
    assert truth <= bound + 1e-12 * abs(truth)
    assert bound == pytest.approx(truth, rel=1e-7)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(0, 2), st.data())
def test_no_pairs_give_less_than_the_truth(seed: int, size: int, noise: float, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, size))
    b, c = matrices(seed, size)
    exact = largest(b, c, count)
    rng = np.random.default_rng(seed)
    values = exact.values + noise * rng.normal(size=count)
    vectors = exact.vectors + noise * rng.normal(size=(size, count))
    truth = float(exact.values.sum())
    assert sum_of_largest(b, c, count, Spectrum(values=values, vectors=vectors)) >= truth - 1e-9 * max(1, abs(truth))


def test_a_missed_eigenvector_is_noticed() -> None:
    b = np.diag([5.0, 3.0, 1.0])
    second = Spectrum(values=[3.0], vectors=[[0.0], [1.0], [0.0]])
    assert sum_of_largest(b, np.eye(3), 1, second) >= 5.0


def test_nothing_to_sum_is_zero() -> None:
    assert sum_of_largest(np.zeros((3, 3)), np.eye(3), 2, Spectrum(values=[0, 0], vectors=np.zeros((3, 2)))) == 0.0


@pytest.mark.parametrize(
    ("spectrum", "reason"),
    [
        (Spectrum(values=[1.0], vectors=np.ones((4, 1))), "vectors of shape"),
        (Spectrum(values=[1.0], vectors=np.ones((3, 1))), "1 eigenpairs for the sum of 2"),
        (Spectrum(values=["inf", 1.0], vectors=np.ones((3, 2))), "finite"),
    ],
)
def test_what_cannot_be_eigenpairs_is_refused(spectrum: Spectrum, reason: str) -> None:
    with pytest.raises(InvalidWitnessError, match=reason):
        sum_of_largest(np.eye(3), np.eye(3), 2, spectrum)
