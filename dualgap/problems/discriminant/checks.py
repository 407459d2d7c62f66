"""What a closed spec must meet; every fault comes with its path and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault
from dualgap.problems.discriminant.splits import SPLITS

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

_LARGEST = 1e30  # of an entry: scatters square it
_NOTHING = 1e-12  # of a variance, relative to the largest: rounding
_WIDEST = 20_000  # features, whose scatter matrices take 3 GB each


def faults(problem: Discriminant) -> list[Fault]:
    """Everything that doesn't fit together; where nothing is amiss, the program has an optimum."""
    found = [*_numbers(problem), *_lengths(problem)] or list(_classes(problem))
    return found or [*_spurious(problem), *_sizes(problem)] or list(_scatters(problem))


def _numbers(problem: Discriminant) -> Iterator[Fault]:
    for name in ("gamma", "ridge"):
        if not 0 <= getattr(problem, name) <= _LARGEST:
            yield Fault(name, f"{getattr(problem, name)} is no price", "take a number from 0")


def _lengths(problem: Discriminant) -> Iterator[Fault]:
    examples, width = problem.features.shape
    if examples < 2 or width < 1:
        yield Fault(
            "features", f"{examples} examples with {width} features", "give two examples and a feature at least"
        )
    for name in ("label", "spurious", "split"):
        length = len(getattr(problem, name))
        if length != examples and (length or name != "split"):
            yield Fault(name, f"{length} entries, with {examples} examples", "one entry an example")
    if problem.names and len(problem.names) != width:
        yield Fault("names", f"{len(problem.names)} entries, with {width} features", "name every feature, or none")
    versions = problem.counterfactuals
    if versions.size and (versions.shape[1:] != problem.features.shape or len(versions) < 2):
        remedy = "give all features of all examples, for two values of the spurious variable or more"
        yield Fault("counterfactuals", f"an array of {' x '.join(map(str, versions.shape)) or 'one'}", remedy)
    if problem.tried.size and (problem.tried.ndim != 2 or problem.tried.shape[1] != 4):
        yield Fault("tried", f"shape {problem.tried.shape}", "leave it out: lists of gamma, ridge and k fill it in")


def _classes(problem: Discriminant) -> Iterator[Fault]:
    if wrong := next((name for name in problem.split if name not in SPLITS), None):
        yield Fault("split", f"{shown(wrong)} is no split", f"write {', '.join(SPLITS)}")
        return
    if "" in problem.label:
        yield Fault("label", f"example {problem.label.index('')} has no class", "leave it out, or name what is missing")
    if len(problem.classes_named) < 2:
        yield Fault("label", "all examples are of one class", "give examples of two classes at least")
    counts = np.bincount(problem.sample.codes, minlength=len(problem.classes_named))
    for k in np.flatnonzero(counts == 0)[:5].tolist():
        yield Fault("label", f"no training example of class {shown(problem.classes_named[k])}", "leave the class out")


def _spurious(problem: Discriminant) -> Iterator[Fault]:
    categories = isinstance(problem.spurious, tuple)
    if problem.product and categories:
        yield Fault("product", "categories have no product with features", "give the spurious variable as numbers")
    given = problem.counterfactuals.size > 0
    if given and problem.product:
        yield Fault("counterfactuals", "with product they are known", "leave them out")
    elif problem.scatter == "interventional" and not (given or problem.product):
        remedy = "give counterfactuals = [[columns], [columns]], or product = true for products with the features"
        yield Fault("scatter", "nothing tells the features under other values of the spurious variable", remedy)


def _sizes(problem: Discriminant) -> Iterator[Fault]:
    width = problem.sample.width
    if width > _WIDEST:
        yield Fault("features", f"{width:,} features", f"at most {_WIDEST:,}; reduce them first")
    if problem.k != "full" and problem.k > width:
        yield Fault("k", f"{problem.k} directions of {width} features", "no more than there are features")
    for name in ("features", "counterfactuals"):
        largest = float(np.abs(getattr(problem, name).astype(np.float64)).max(initial=0.0))
        if largest > _LARGEST:
            yield Fault(name, f"an entry of size {largest:.3g}", "scale the data")
    if isinstance(problem.spurious, np.ndarray) and np.abs(problem.settings).max() > _LARGEST:
        yield Fault("spurious", "an entry beyond 1e30", "scale the data")


def _scatters(problem: Discriminant) -> Iterator[Fault]:
    """What costs more: it is only looked at where it can go wrong."""
    sample = problem.sample
    if not np.ptp(sample.features, axis=0).any():
        yield Fault("features", "the training examples don't differ", "give examples that differ")
    elif problem.scatter != "interventional" and not any(
        np.ptp(sample.settings[sample.codes == k], axis=0).any() for k in range(sample.count)
    ):
        message = "it is the same for all training examples of a class: nothing tells it from the class"
        yield Fault("spurious", message, 'give counterfactuals and scatter = "interventional"')
    elif problem.scatter == "projection" and _nothing_left(problem):
        message = f"the spurious variable moves classes in all directions of {sample.width} features"
        yield Fault("scatter", f"{message}: a projection leaves nothing", 'take "observed", with a price gamma')
    elif problem.ridge == 0:
        try:
            np.linalg.cholesky(problem.metric)
        except np.linalg.LinAlgError:
            yield Fault("ridge", "without one, some directions have no scatter to divide by", "take 0.001, say")


def _nothing_left(problem: Discriminant) -> bool:
    """Whether features have no other directions than those in which some class is moved."""
    sample = problem.sample
    if sample.width > sample.count * sample.settings.shape[1]:  # there are more
        return False
    return problem.scatters.variance <= _NOTHING * float(np.var(sample.features, axis=0).max())
