"""Placements: work by masks, devices by presets, bounds in rational arithmetic, bad specs."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import AttentionPlacement, SpecError
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion
from dualgap.problems.attention_placement import Placement
from dualgap.problems.attention_placement.proofs import Capacity, DeviceWeights, capacity
from dualgap.problems.attention_placement.raw import half_tiles
from dualgap.problems.transformers.devices import PRESETS

RAW = {"kind": "attention-placement", "sequence": 4096, "block": 512, "devices": [{"speed": 2.0, "count": 3}]}


def tiles_by_pairs(documents: list[int], block: int) -> list[int]:
    """Half tiles, by looking at every pair of a query and a key."""
    start = np.repeat(np.cumsum([0, *documents[:-1]]), documents)
    position = np.arange(len(start))
    seen = (position[None, :] <= position[:, None]) & (position[None, :] >= start[:, None])
    blocks = len(start) // block
    found = []
    for row in range(blocks):
        tiles = [seen[row * block : (row + 1) * block, k * block : (k + 1) * block] for k in range(blocks)]
        found.append(sum(2 if tile.all() else int(tile.any()) for tile in tiles))
    return found


@pytest.mark.parametrize("documents", [[32], [8, 24], [5, 11, 16], [3, 3, 3, 3, 20], [31, 1], [4] * 8])
def test_work_is_counted_by_tiles(documents: list[int]) -> None:
    assert half_tiles(8, documents, 4).tolist() == tiles_by_pairs(documents, 4)


def test_causal_and_full_masks() -> None:
    assert half_tiles(4, [16], 4).tolist() == [1, 3, 5, 7]
    assert half_tiles(4, None, 4).tolist() == [8, 8, 8, 8]


def test_presets_give_speeds_in_half_tiles() -> None:
    problem = dualgap.load({**RAW, "copies": 3, "devices": [{"preset": "h100-sxm", "count": 2}, {"preset": "l40s"}]})
    assert isinstance(problem, AttentionPlacement)
    half = 2 * 512**2 * 128
    assert problem.speed == pytest.approx([989.4e12 / half] * 2 + [362.05e12 / half])
    assert problem.device_names == ("h100-sxm#1", "h100-sxm#2", "l40s")
    assert problem.count.tolist() == [3] * 8
    assert all(device.source for device in PRESETS.values())


def test_a_roofline_is_the_larger_of_computing_and_traffic() -> None:
    problem = dualgap.load({**RAW, "cost": "roofline", "devices": [{"preset": "a100-80gb"}]})
    assert isinstance(problem, AttentionPlacement)
    work = 2 * np.arange(8) + 1
    compute, traffic = work * 2 * 512**2 * 128 / 312e12, (work + 2) * 512 * 128 * 2 / 2039e9
    assert problem.seconds[0] == pytest.approx(np.maximum(compute, traffic))
    assert not problem.uniform


def test_lengths_of_documents_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "lengths.csv").write_text("1024\n3072\n")
    spec = tmp_path / "spec.toml"
    spec.write_text(
        'kind = "attention-placement"\nsequence = 4096\nblock = 512\nmask = {documents = "lengths.csv"}\n'
        "devices = [{speed = 1, count = 2}]\n"
    )
    problem = dualgap.load(spec)
    assert isinstance(problem, AttentionPlacement)
    assert problem.work.tolist() == [1, 3, 1, 3, 5, 7, 9, 11]


def test_capacity_is_the_least_time_for_whole_units() -> None:
    """Held against every breakpoint, one by one."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        speeds = np.round(rng.uniform(0.5, 4, int(rng.integers(1, 5))), 1)
        problem = AttentionPlacement(work=rng.integers(1, 9, 3), count=rng.integers(0, 4, 3), speed=speeds)
        total = int(problem.work @ problem.count)
        times = sorted({Fraction(k) / speed for speed in problem.speeds for k in range(total + 1)})
        wanted = next(t for t in times if sum(int(speed * t // 1) for speed in problem.speeds) >= total)
        assert capacity(problem) == wanted


@pytest.mark.parametrize("family", ["uniform", "unrelated"])
def test_bounds_never_pass_the_optimum(family: str) -> None:
    rng = np.random.default_rng(1)
    for seed in range(12):
        problem = AttentionPlacement.generate(2, seed, devices=2, copies=2, family=family)
        best = min(max(problem.loads(np.array([[a, b], [2 - a, 2 - b]]))) for a, b in product(range(3), repeat=2))
        assert problem.bound(DeviceWeights(weights=rng.random(2))).value <= best
        if problem.uniform:
            assert problem.bound(Capacity()).value <= best


def test_witnesses_that_prove_nothing() -> None:
    problem = AttentionPlacement.generate(3, 0, devices=2, family="unrelated")
    for witness, said in [
        (Exhaustion(), "takes no exhaustion"),
        (Capacity(), "aren't uniform"),
        (DeviceWeights(weights=np.ones(3)), "expected 2 weights"),
        (DeviceWeights(weights=np.zeros(2)), "all weights are 0"),
        (DeviceWeights(weights=np.array([1.0, -1.0])), "at least 0"),
    ]:
        with pytest.raises(InvalidWitnessError, match=said):
            problem.bound(witness)


def test_broken_placements_are_violated_by_name() -> None:
    problem = AttentionPlacement.generate(3, 0, devices=2, copies=2)
    counts = problem.trivial().counts
    assert not problem.evaluate(problem.trivial()).violations
    assert problem.evaluate(Placement(counts=counts[:, :2])).violations
    lost = counts.copy()
    lost[lost[:, 0].argmax(), 0] -= 1
    assert list(problem.evaluate(Placement(counts=lost)).violations) == ["all blocks of b1"]
    assert "whole counts" in problem.evaluate(Placement(counts=counts + 0.5)).violations
    negative = counts + np.array([[3, 0, 0], [-3, 0, 0]])
    assert "counts at least 0" in problem.evaluate(Placement(counts=negative)).violations


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"block": 500}, "block: 500 doesn't divide 4096"),
        ({"sequence": 10**9, "block": 1}, "work: 1,000,000,000 types of blocks, beyond 20,000"),
        ({"devices": [{"preset": "h200", "count": 10**9}]}, "devices: 1,000,000,000 devices"),
        ({"block": None}, "block: None is no whole number"),
        ({"mask": "sliding"}, "mask: 'sliding' is no mask"),
        ({"mask": {"documents": [4000]}}, "mask.documents: 4,000 tokens"),
        ({"mask": {"documents": [0, 4096]}}, "mask.documents: expected lengths"),
        ({"devices": []}, "devices: expected a table"),
        ({"devices": [{"preset": "a100"}]}, r"devices\[0\].preset: unknown device 'a100'.*a100-80gb"),
        ({"devices": [{"preset": "h200", "speed": 1}]}, r"devices\[0\]: a preset or a speed"),
        ({"devices": [{"speed": -1}]}, r"devices\[0\].speed: -1 is no speed"),
        ({"devices": [{"speed": 1, "number": 2}]}, r"devices\[0\].number: unknown field"),
        ({"cost": "seconds"}, "cost: 'seconds' is no cost"),
        ({"cost": "roofline"}, "a speed says nothing of memory traffic"),
        ({"experts": 8}, "experts"),
    ],
)
def test_bad_raw_specs_name_the_place(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        dualgap.load({**RAW, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"work": [1, 0, 3]}, "work: holds something else"),
        ({"count": [1, 2]}, "count: 2 entries, with 3 types"),
        ({"speed": [1.0, -1.0]}, "speed: a speed that isn't positive"),
        ({"seconds": [[1.0, 2.0, 3.0]]}, "speed: speeds and seconds say the same"),
        ({"speed": [], "seconds": [[1.0, 2.0]]}, "seconds: shape"),
        ({"speed": [], "seconds": [[1.0, 2.0, 0.0]]}, "seconds: a time that isn't positive"),
        ({"types": ["a", "a", "b"]}, "types: 3 names for 3"),
        ({"copies": 2}, "sequence: missing, and copies is given"),
    ],
)
def test_bad_closed_specs_name_the_place(fields: dict[str, Any], said: str) -> None:
    whole = {"kind": "attention-placement", "work": [1, 2, 3], "count": [1, 1, 1], "speed": [1.0, 2.0]}
    with pytest.raises(SpecError, match=said):
        dualgap.load({**whole, **fields})
