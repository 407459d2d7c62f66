"""Reports on many runs: what they count, and that every format holds hostile names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dualgap.core.errors import SpecError, UsageError
from dualgap.study.review.collect import Review, review, saved
from dualgap.study.review.documents import latex, markdown
from dualgap.study.review.summary import Summary, summary
from dualgap.study.review.tallies import Tally, shift_for, tallies
from dualgap.study.review.trades import reference, trades
from dualgap.study.review.write import write_review
from dualgap.study.sweep.store import Store
from tests.study.review.conftest import EVIL, run, runs, stored

COMMAND = f"dualgap report '{EVIL}' ```|"


def reviewed(path: Path, gap: float = 0.01) -> tuple[Review, list[Tally], Summary]:
    with Store.open(path) as opened:
        found = review(opened, gap)
    counted = tallies(found)
    return found, counted, summary(found, counted, COMMAND)


def page(path: Path, folder: Path) -> ElementTree.Element:
    found, counted, first = reviewed(path)
    write_review(folder / "x.html", found, counted, first)
    return ElementTree.fromstring((folder / "x.html").read_text(encoding="utf-8").removeprefix("<!doctype html>\n"))


def text_of(element: ElementTree.Element | None) -> str:
    assert element is not None
    return "".join(element.itertext())


def test_failures_refusals_and_wrong_claims_are_counted(store: Path) -> None:
    found, counted, first = reviewed(store)
    by_name = {tally.solver: tally for tally in counted}
    assert [tally.solver for tally in counted][:1] == ["dynamic-programming"]
    assert (by_name["dynamic-programming"].solved, by_name["dynamic-programming"].proved(0.01)) == (4, 4)
    assert (by_name["greedy"].solved, by_name["greedy"].instances) == (0, 4)
    assert (by_name["crasher"].failed, by_name["refuser"].refused, by_name[EVIL].refuted) == (4, 4, 4)
    assert by_name[EVIL].solved == 0
    assert "of 20 runs 4 failed and 4 were refused" in first.statement
    assert "dynamic-programming is within 1 % of the best verified bound on all of them" in first.statement
    assert len(found.caught()) == 4
    assert "claims the bound at most 92, and 100 is feasible" in first.caught[0]


def test_true_and_certified_gaps_are_told_apart(store: Path) -> None:
    _, counted, first = reviewed(store, gap=0.05)
    greedy = next(tally for tally in counted if tally.solver == "greedy")
    assert greedy.quantile("true", 0.5) == pytest.approx(0.05)
    assert greedy.quantile("certified", 0.5) == pytest.approx(15 / 110)
    assert (greedy.solved, greedy.proved(0.05)) == (4, 0)
    row = next(row for row in first.table.rows if row[0] == "greedy")
    assert row[2:6] == ("4 of 4", "0", "5 %", "13.6 %")


def test_a_weaker_proof_beside_a_claim_counts_as_a_bound(tmp_path: Path) -> None:
    data = run("1" * 64, "highs", value=90, bound=90, evidence="claimed")
    data["certificate"]["bounds"].append({"value": 120, "evidence": "proved", "argument": "", "margin": 0.0})
    found, *_ = reviewed(stored(tmp_path / "s.db", {"one": [data]}))
    assert next(iter(found.known.values())).bound == 120
    assert found.entries[0].true == pytest.approx(0.25)


def test_exact_against_approximate_by_size(store: Path) -> None:
    _, counted, _ = reviewed(store)
    exact = reference(counted)
    assert exact is not None
    assert exact.solver == "dynamic-programming"
    rows = [trade for trade in trades(counted, exact) if trade.solver == "greedy"]
    assert [trade.size for trade in rows] == [1, 2, 3, 4]
    assert [trade.speedup for trade in rows] == pytest.approx([10, 20, 30, 40])
    assert not any(trade.at_least for trade in rows)


def test_seeds_are_medians_and_budgets_are_kept_apart(tmp_path: Path) -> None:
    seeds = [
        run("1" * 64, "greedy", value=value, bound=100, evidence="proved", seed=seed)
        for seed, value in enumerate((90, 95, 100))
    ]
    other = run("1" * 64, "greedy", value=100, bound=100, evidence="proved")
    other["budget"] = {**other["budget"], "time": 20.0}
    _, counted, _ = reviewed(stored(tmp_path / "s.db", {"one": [*seeds, other]}))
    assert {tally.solver: tally.quantile("true", 0.5) for tally in counted} == {
        "greedy time=10": pytest.approx(0.05),
        "greedy time=20": 0.0,
    }


def test_unsolved_instances_are_charged_their_limit(store: Path) -> None:
    _, counted, _ = reviewed(store)
    greedy = next(tally for tally in counted if tally.solver == "greedy")
    assert greedy.time(shift_for(counted)).value == pytest.approx(10.0)


@pytest.mark.parametrize("which", ["store", "single"])
def test_the_page_is_well_formed_self_contained_and_escaped(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root = page(request.getfixturevalue(which), tmp_path)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert len(list(root.iter("script"))) == 1
    assert EVIL in text_of(root)
    assert EVIL not in text
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "style")
            assert name != "href" or value.startswith("#")
            if value.endswith("%") and name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
                assert 0 <= float(value[:-1]) <= 100, (element.tag, name, value)
    assert not re.search(r"https?:|@import", text)
    assert set(re.findall(r"url\([^)]*\)", text)) == {"url(#hatch)"}


def test_contradictions_come_first_then_the_statement(store: Path, tmp_path: Path) -> None:
    root = page(store, tmp_path)
    _, _, first = reviewed(store)
    text = text_of(root.find("body"))
    places = [text.index(part) for part in ("4 wrong claims", first.statement, "quartile", "proved", COMMAND)]
    assert places == sorted(places)
    rows = next(table for table in root.iter("table") if table.get("id") == "runs").findall("tbody/tr")
    assert len(rows) == 20
    assert "ValueError: <b>no</b>" in text
    assert "never takes & anything" in text


def test_one_instance_has_its_runs_in_the_first_screen(single: Path) -> None:
    _, _, first = reviewed(single)
    assert first.statement.startswith(
        "dynamic-programming is within 0 % of the optimum after 100 ms: total value 100, and none can exceed 100 "
        "(proved by dynamic-programming); "
    )
    assert first.table.rows[0][:4] == ("dynamic-programming", "100", "100", "proved")
    assert {row[-1] for row in first.table.rows} == {"optimal", "feasible", "contradicted", "error", "refused"}


def test_nothing_solved_is_a_report_too(tmp_path: Path) -> None:
    refused = {name: [run(name * 64, "refuser", refused="no")] for name in "ab"}
    root = page(stored(tmp_path / "s.db", refused), tmp_path)
    assert "of 2 runs 2 were refused" in text_of(root)
    one = page(stored(tmp_path / "t.db", {"a": refused["a"]}), tmp_path)
    assert "No run found a feasible answer; of 1 runs 1 was refused" in text_of(one)


def test_markdown_and_latex_hold_hostile_names(store: Path) -> None:
    _, _, first = reviewed(store)
    text = markdown(first)
    assert not re.search(r"(?<!\\)<", text.split("made with")[0])
    assert f"```` {COMMAND} ````" in text
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| ")}
    assert widths == {len(first.table.header) + 1}
    tex = latex(first)
    assert r"\textless{}script\textgreater{}" in tex
    assert not re.search(r"(?<!\\)[&%](?!.*\\\\)", "".join(re.findall(r"\\caption{.*}", tex)))


def test_svg_is_well_formed_and_png_is_a_picture(store: Path, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="resvg-py isn't installed")
    found, counted, first = reviewed(store)
    write_review(tmp_path / "x.svg", found, counted, first)
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert EVIL in text_of(root)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    write_review(tmp_path / "x.png", found, counted, first)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in tmp_path.glob("x.*")) == ["x.png", "x.svg"]


def test_saved_runs_are_a_store(tmp_path: Path) -> None:
    paths = []
    for number, data in enumerate(runs("1" * 64, 1)):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(data))
    with saved(paths) as opened:
        assert len(review(opened, 0.01).entries) == 5


@pytest.mark.parametrize(
    "damage",
    [
        {"schema_version": 99},
        {"problem": 3},
        {"certificate": {"value": "abc"}},
        {"certificate": {"sense": "up", "verdict": "feasible", "statement": "", "value": 1}},
        {"trace": [["x"]]},
        {"seconds": {"total": "long"}},
    ],
)
def test_damaged_runs_are_told(tmp_path: Path, damage: dict[str, object]) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**run("1" * 64, "greedy", value=1), **damage}))
    with pytest.raises(SpecError):
        saved([path])


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "empty.db") as opened, pytest.raises(UsageError, match="dualgap sweep"):
        review(opened, 0.01)
