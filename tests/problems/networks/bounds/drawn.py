"""Random networks and regions, and points of them."""

from itertools import pairwise

import numpy as np

from dualgap.problems.networks.bounds.layers import layers_of
from dualgap.problems.networks.bounds.query import Query
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.network import Network

ORDERS = {"inf": np.inf, "1": 1, "2": 2}


def network(rng, widths=(4, 6, 5, 3), **fields):
    layers = [
        {"weight": rng.normal(size=(after, before)), "bias": rng.normal(size=after)}
        for before, after in pairwise(widths)
    ]
    return Network(layers=layers, **fields)


def region(rng, sets, width, norm, radius=0.3):
    centre = rng.uniform(0.2, 0.8, (sets, width))
    return Region.around(centre, radius, norm, np.zeros_like(centre), np.ones_like(centre))


def query(rng, net, norm="inf", sets=3, radius=0.3):
    """All differences to the first output, over every set."""
    count = net.outputs - 1
    rows = np.hstack([np.ones((count, 1)), -np.eye(count)])
    where = region(rng, sets, net.inputs, norm, radius)
    return Query(
        layers_of(net), where, np.repeat(np.arange(sets), count), np.tile(rows, (sets, 1)), np.zeros(sets * count)
    )


def points(rng, where, count=200):
    """(count, K, d) points of a region: of its corners, its inside and its ball's surface."""
    shape = (count, *where.lower.shape)
    corners = np.where(rng.random(shape) < 0.5, where.lower, where.upper)
    inside = where.lower + rng.random(shape) * (where.upper - where.lower)
    found = np.where(rng.random((count, 1, 1)) < 0.5, corners, inside)
    if where.centre is None:
        return found
    shift = found - where.centre
    shift *= rng.random(shape) < rng.random((count, 1, 1))
    size = np.linalg.norm(shift, ORDERS[where.norm], axis=-1)
    return where.centre + shift * np.minimum(1.0, where.radius / np.maximum(size, 1e-12))[..., None]
