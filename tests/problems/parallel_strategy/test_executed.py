"""Plans that are run on host devices: equal to one device, sending what is planned; wrong ones are found out."""

from __future__ import annotations

from typing import Any

import pytest

from dualgap import UsageError
from dualgap.problems.parallel_strategy import exports
from dualgap.problems.parallel_strategy.executed import CLOSE, _run, _sent, _sorts, audits
from dualgap.problems.parallel_strategy.hlo import Sent, collectives, total
from dualgap.problems.parallel_strategy.sent import Part
from dualgap.problems.parallel_strategy.sent import planned as parts
from tests.problems.parallel_strategy.plans import FSDP, planned

SPLIT = {"input": "keep, split", "project": "keep, split"}
PROGRAMS: dict[str, tuple[dict[str, int], dict[str, str]]] = {
    "data": ({}, {}),
    "FSDP": ({}, FSDP),
    "tensor": ({"tensor": 4}, {}),
    "tensor, split": ({"tensor": 4}, SPLIT),
    "tensor, split and whole": ({"tensor": 2}, {"input": "keep, split"}),
    "tensor, split, recomputed": ({"tensor": 4}, {"input": "recompute, split", "project": "recompute, split"}),
    "gather": ({"context": 4}, {"attention": "keep, gather"}),
    "ring": ({"context": 8}, {"attention": "keep, ring"}),
    "ring, recomputed": ({"context": 4}, {"attention": "recompute, ring"}),
    "Ulysses, recomputed": ({"context": 4}, {"attention": "recompute, ulysses"}),
    "tensor, split, ring": ({"context": 2, "tensor": 2}, SPLIT | {"attention": "keep, ring"}),
    "tensor, Ulysses": ({"context": 2, "tensor": 2}, {"attention": "keep, ulysses"}),
    "tensor, FSDP": ({"tensor": 2}, FSDP),
}
_LOOP = """HloModule step
%body (p: (s32[], f32[8,32])) -> (s32[], f32[8,32]) {
  %g = f32[8,32]{1,0} collective-permute(%x), channel_id=1, source_target_pairs={{0,1},{1,0}}
  %inner = (s32[], f32[8,32]) while(%t), condition=%cond, body=%deep, backend_config={"known_trip_count":{"n":"2"}}
}
%deep (p: (s32[], f32[8,32])) -> (s32[], f32[8,32]) {
  %r = f32[16,32]{1,0} all-gather(%y), replica_groups={{0,1},{2,3}}, dimensions={0}
}
%cond (p: (s32[], f32[8,32])) -> pred[] {
  %c = pred[] compare(%a, %b), direction=LT
}
ENTRY %main (p: f32[8,32]) -> f32[8,32] {
  %w = (s32[], f32[8,32]) while(%t), condition=%cond, body=%body, backend_config={"known_trip_count":{"n":"3"}}
  %s = (f32[], f32[8,32]{1,0}) all-reduce(%u, %v), replica_groups=[2,4]<=[8], to_apply=%sum
  ROOT %e = (f32[4,4]{1,0}, f32[4,4]{1,0}) all-to-all(%u, %v), replica_groups=mesh['a'=4,'b'=2] {'b'}
}
"""


def test_collectives_are_counted_with_their_loops() -> None:
    assert collectives(_LOOP) == (
        Sent("collective-permute", 1024.0, 3),
        Sent("all-gather", 1024.0, 6),
        Sent("all-reduce", 1536.0, 1),
        Sent("all-to-all", 64.0, 1),
    )
    assert total(collectives(_LOOP)) == {
        "collective-permute": 3072.0,
        "all-gather": 6144.0,
        "all-reduce": 1536.0,
        "all-to-all": 64.0,
    }
    with pytest.raises(ValueError, match="nobody knows how often"):
        collectives(_LOOP.replace("known_trip_count", "unknown"))
    with pytest.raises(ValueError, match="in two halves"):
        collectives(_LOOP.replace("all-reduce(", "all-reduce-start("))
    with pytest.raises(ValueError, match="no group that can be read"):
        collectives(_LOOP.replace("replica_groups={{0,1},{2,3}}", "replica_groups=all"))


def ran(text_of: Any = exports.program, names: Any = PROGRAMS) -> dict[str, tuple[float, float, Any]]:
    """Each program's differences from one device, and the audit of what it sends; in one worker."""
    work, judged = [], []
    for name in names:
        sizes, wanted = PROGRAMS[name]
        problem, answer = planned(sizes, [wanted])
        whole = exports.plan(problem, answer)
        ((said, strategies),) = _sorts(problem, answer, whole).values()
        work.append({"plan": whole, "layer": said})
        judged.append(parts(problem, whole["mesh"], strategies))
    found = {}
    for name, known, ((value, gradient, text), _) in zip(names, judged, _run(text_of(whole), work, 8)):
        found[name] = value, gradient, _sent(name, known, text)
    return found


def test_programs_equal_one_device_and_send_what_is_planned() -> None:
    found = ran()
    assert len(found) == len(PROGRAMS) >= 12
    for name, (value, gradient, sent) in found.items():
        assert max(value, gradient) <= CLOSE, name
        assert sent.passed, sent.detail
    assert found["data"][2].detail.startswith("all-reduce")
    assert "has no reduce-scatter" in found["FSDP"][2].detail
    assert "one by one" in found["tensor"][2].detail


def test_a_ring_whose_positions_stay_behind_is_found_out() -> None:
    def wrong(whole: Any) -> bytes:
        right = b'k, v, columns = (jax.lax.ppermute(part, "context", around) for part in (k, v, columns))'
        text = exports.program(whole)
        assert text.count(right) == 1
        return text.replace(right, b'k, v = (jax.lax.ppermute(part, "context", around) for part in (k, v))')

    value, gradient, _ = ran(wrong, ["ring, recomputed"])["ring, recomputed"]
    assert max(value, gradient) > CLOSE


def test_bytes_that_nobody_planned_are_told() -> None:
    told = _sent("layer", [Part("all-gather", 100.0, 2)], _LOOP)
    assert not told.passed
    assert "all-gather 200 planned, 6,144 sent" in told.detail
    assert "not explained: +5,944 bytes of all-gather" in told.detail
    assert "not explained: +3,072 bytes of collective-permute" in told.detail
    assert not _sent("layer", [], _LOOP.replace("known_trip_count", "unknown")).passed


def test_layers_that_are_alike_are_audited_once() -> None:
    problem, answer = planned({"pipeline": 2, "tensor": 2}, ["recompute full", "recompute full"], "layer")
    first, second = audits(problem, answer)
    assert first.passed
    assert second.passed
    assert first.measures["loss"] <= CLOSE
    assert second.measures["all-reduce, sent"] > second.measures["all-reduce, planned"] > 0


def test_what_a_host_cannot_pretend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dualgap.problems.parallel_strategy.executed.MOST", 1)
    problem, answer = planned({"tensor": 2}, [{}])
    with pytest.raises(UsageError, match="4 devices are more than the 1"):
        audits(problem, answer)
    with pytest.raises(UsageError, match=r"program failed: .*boom"):
        list(_run(b"raise ValueError('boom')", [{"plan": {}, "layer": {}}], 1))
