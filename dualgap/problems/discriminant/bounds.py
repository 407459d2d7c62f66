"""Upper bounds on the ratio trace: no k directions have more than the k largest eigenvalues add up to (Ky Fan 1949)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Spectrum, Witness
from dualgap.problems.spectra import sum_of_largest

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

_ROUNDING = 1e-12  # relative, of the scatter matrices and the sum


def prove(problem: Discriminant, witness: Witness) -> Bound:
    """The bound of approximate eigenpairs of ``S_be w = lambda (S_w + gamma S_bc + ridge I) w``.

    Raises:
        InvalidWitnessError: another witness, or pairs that bound nothing.
    """
    if not isinstance(witness, Spectrum):
        raise InvalidWitnessError(f"{problem.kind} takes no {witness.type} witness")
    most = sum_of_largest(problem.scatters.between, problem.metric, problem.count, witness)
    margin = _ROUNDING * max(1.0, abs(most))
    largest = "largest eigenvalue" if problem.count == 1 else f"{problem.count} largest eigenvalues"
    return Bound(most + margin, Evidence.NUMERICAL, f"the {largest}, confirmed by a factorisation", margin=margin)
