"""Plans of ``parallel-strategy`` that are run on host devices: the largest relative difference of loss and gradients
from one device, float32, and bytes on a device's wire by type of collective, planned and sent, with reasons.

Small models of a Llama's shape: eight heads, four of keys. A layer each; two replicas stand for more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Row, main

from dualgap.problems.parallel_strategy import ParallelStrategy, Plan
from dualgap.problems.parallel_strategy.breakdown import baseline
from dualgap.problems.parallel_strategy.executed import CLOSE, audits
from dualgap.problems.parallel_strategy.plans import SIZES, Baseline, Strategy
from dualgap.problems.transformers.model import llama

PROGRAMS: dict[str, dict[str, Any]] = {
    "data": {},
    "FSDP": {"fsdp": True},
    "FSDP, recomputed": {"fsdp": True, "recompute": "full"},
    "tensor": {"tensor": 4},
    "tensor, split": {"tensor": 4, "sequence_parallel": True},
    "tensor, split, recomputed": {"tensor": 4, "sequence_parallel": True, "recompute": "full"},
    "tensor over more devices than heads of keys": {"tensor": 8},
    "gather": {"context": 4, "exchange": "gather"},
    "ring": {"context": 4, "exchange": "ring"},
    "ring of eight": {"context": 8, "exchange": "ring"},
    "ring, attention recomputed": {"context": 4, "exchange": "ring", "recompute": "selective"},
    "Ulysses": {"context": 4, "exchange": "ulysses"},
    "Ulysses, recomputed": {"context": 4, "exchange": "ulysses", "recompute": "full"},
    "tensor x ring": {"tensor": 2, "context": 2, "exchange": "ring"},
    "tensor, split x ring": {"tensor": 2, "context": 2, "exchange": "ring", "sequence_parallel": True},
    "tensor x Ulysses": {"tensor": 2, "context": 2, "exchange": "ulysses"},
    "FSDP x tensor": {"tensor": 2, "fsdp": True},
    "FSDP x ring": {"context": 2, "exchange": "ring", "fsdp": True},
    "FSDP x tensor, split x ring": {
        "tensor": 2,
        "context": 2,
        "exchange": "ring",
        "sequence_parallel": True,
        "fsdp": True,
    },
}


def program(said: Baseline) -> tuple[ParallelStrategy, Plan]:
    """A plan with one layer."""
    drawn = ParallelStrategy.generate(1, 0, memory=500.0)
    fields = {name: getattr(drawn, name) for name in ParallelStrategy.model_fields}
    sizes = {name: getattr(said, name) for name in SIZES}
    fields |= {name: np.array([size]) for name, size in sizes.items()}
    fields |= {"model": llama(1, 512, 8, 4, 1024, 1000), "global_batch": 64, "sequence": 2048, "recompute": "layer"}
    problem = ParallelStrategy(**fields)
    _, (choice,) = baseline(problem, said)
    return problem, Plan(plans=(Strategy(**sizes, first=choice),))


def rows(quick: bool) -> Iterator[Row]:
    """Two for each program."""
    equal, explained = 0, 0
    chosen = list(PROGRAMS)[:4] if quick else list(PROGRAMS)
    for name in chosen:
        same, sent = audits(*program(Baseline(**PROGRAMS[name])))
        equal, explained = equal + same.passed, explained + sent.passed
        yield Row(f"{name}: largest difference", float(max(same.measures.values())), "", CLOSE)
        yield Row(f"  {sent.detail}", float(sent.passed), "")
    yield Row("programs that equal one device", float(equal), "", float(len(chosen)), at_least=True)
    yield Row(
        "programs whose bytes are as planned, or the difference explained",
        float(explained),
        "",
        float(len(chosen)),
        at_least=True,
    )


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
