"""Rows over counts n_jk, device by device: a type's blocks on all devices, a device's load."""

from __future__ import annotations

from typing import Any

import numpy as np


def placed(devices: int, types: int) -> Any:
    """(types, devices x types) sparse: how many blocks of each type are placed."""
    from scipy.sparse import coo_array, csr_array

    columns = np.arange(devices * types)
    return csr_array(coo_array((np.ones(columns.size), (columns % types, columns)), shape=(types, columns.size)))


def loads(times: np.ndarray) -> Any:
    """(devices, devices x types) sparse: what each device does, with (devices, types) times of a block."""
    from scipy.sparse import coo_array, csr_array

    columns = np.arange(times.size)
    return csr_array(coo_array((times.ravel(), (columns // times.shape[1], columns)), shape=(len(times), times.size)))
