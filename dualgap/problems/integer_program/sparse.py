"""A sparse matrix as plain data, and exact products with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Vector, as_array
from dualgap.core.exact import Exact, exact, segment_dots
from dualgap.core.record import Record
from dualgap.problems.counts import fault

if TYPE_CHECKING:
    from scipy.sparse import csr_array


_EXACT_FLOAT = 2**53


def whole_if_it_can(array: np.ndarray) -> np.ndarray:
    """Floats as int64 where all are whole, so that a program has one hash however its numbers were written."""
    if array.dtype == np.int64 or not bool((array == np.rint(array)).all() and (abs(array) < _EXACT_FLOAT).all()):
        return array
    return as_array(array.astype(np.int64))


def float_if_it_can(array: np.ndarray) -> np.ndarray:
    """Limits as float64, where infinity has a place, unless one of them would lose digits."""
    if array.dtype == np.float64 or (abs(array) > _EXACT_FLOAT).any():
        return array
    return as_array(array.astype(np.float64), infinite=True)


class Sparse(Record):
    """A matrix in compressed sparse rows: row i holds ``data[k]`` in column ``indices[k]`` from k = indptr[i] on.

    Attributes:
        shape: (rows, columns).
        indptr: (rows + 1,) where each row starts.
        indices: (entries,) columns, ascending within a row.
        data: (entries,) int64 or float64.
    """

    shape: tuple[int, int]
    indptr: Vector
    indices: Vector
    data: Vector

    @model_validator(mode="before")
    @classmethod
    def _from_rows(cls, given: Any) -> Any:
        """Rows of numbers and SciPy's matrices are taken as well."""
        return given if isinstance(given, dict | Sparse) else _parts(given)

    @field_validator("indptr", "indices", "data")
    @classmethod
    def _simplest(cls, array: np.ndarray) -> np.ndarray:
        return whole_if_it_can(array)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        (rows, columns), starts, indices = self.shape, self.indptr, self.indices
        lengths = np.diff(starts)
        if starts.shape != (rows + 1,) or starts[0] != 0 or (lengths < 0).any() or starts[-1] != len(indices):
            raise fault("indptr doesn't divide the entries into rows", f"{rows + 1} ascending numbers from 0")
        if len(self.data) != len(indices) or starts.dtype != np.int64 or indices.dtype != np.int64:
            raise fault("indices and data don't belong together", "one whole column number an entry")
        if len(indices) and not (indices.min() >= 0 and indices.max() < columns):
            raise fault(f"a column number is beyond {columns} columns", "columns are counted from 0")
        if (np.diff(indices + (columns + 1) * self.row_of) <= 0).any():
            raise fault("a row has a column twice, or out of order", "one entry a column, ascending")
        return self

    @classmethod
    def of(cls, matrix: Any) -> Sparse:
        """From rows of numbers, a NumPy array or a SciPy sparse matrix (entries that come twice are summed)."""
        return matrix if isinstance(matrix, Sparse) else cls.model_validate(_parts(matrix))

    def csr(self) -> csr_array:
        """The matrix for SciPy."""
        return self.with_data(self.data)

    def with_data(self, data: np.ndarray) -> csr_array:
        """The same places with other (entries,) numbers, for SciPy."""
        from scipy.sparse import csr_array

        return csr_array((data, self.indices, self.indptr), shape=self.shape)

    @cached_property
    def row_of(self) -> np.ndarray:
        """(entries,) the row of each entry."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    @cached_property
    def exact_data(self) -> Exact:
        return exact(self.data)

    @cached_property
    def _by_column(self) -> tuple[np.ndarray, np.ndarray]:
        """The order of the entries by column, and where each column starts in it."""
        order = np.argsort(self.indices, kind="stable")
        return order, np.searchsorted(self.indices[order], np.arange(self.shape[1] + 1))

    def times(self, vector: Exact) -> Exact:
        """(rows,) the exact product ``matrix vector``."""
        return segment_dots(self.exact_data, vector[self.indices], self.indptr)

    def transposed_times(self, vector: Exact) -> Exact:
        """(columns,) the exact product ``matrix' vector``."""
        order, starts = self._by_column
        return segment_dots(self.exact_data[order], vector[self.row_of[order]], starts)


def _parts(matrix: Any) -> dict[str, Any]:
    from scipy.sparse import csr_array, issparse

    given: Any = matrix if issparse(matrix) else _two_dimensional(matrix)
    sparse = csr_array(given)
    sparse.sum_duplicates()
    sparse.eliminate_zeros()
    return {
        "shape": tuple(map(int, sparse.shape)),
        "indptr": np.asarray(sparse.indptr, dtype=np.int64),
        "indices": np.asarray(sparse.indices, dtype=np.int64),
        "data": sparse.data,
    }


def _two_dimensional(matrix: Any) -> np.ndarray:
    array = as_array(matrix)
    if array.ndim != 2:
        raise fault(f"expected a matrix, got {array.ndim} dimension(s)", "write [[1, 2], [3, 4]]")
    return array
