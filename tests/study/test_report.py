"""The report: well-formed, self-contained, escaped, the same every time, contradictions first."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack
from dualgap.problems.matrix_game import MatrixGame
from dualgap.study.compare import Comparison, compare, compare_path
from dualgap.study.report import report, write_report

EVIL = "<script>alert('x')</script>"
COMMAND = f'dualgap compare "{EVIL}"'

pytestmark = pytest.mark.usefixtures("liars")


@pytest.fixture
def comparison() -> Comparison:
    problem = Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50, names=["a", EVIL, "c"])
    solvers = ["honest", "cautious", "modest", "m2=modest", "m3=modest", "value-liar", "point-liar", "bound-liar"]
    return compare(problem, [*solvers, "infeasibility-liar", "crasher", "refuser"], isolate=False)


def parse(page: str) -> ElementTree.Element:
    """The page as XML: every element closed, every attribute quoted, nothing left unescaped."""
    start = "<!doctype html>\n"
    assert page.startswith(start)
    return ElementTree.fromstring(page.removeprefix(start))


def text_of(element: ElementTree.Element | None) -> str:
    assert element is not None
    return "".join(element.itertext())


def test_well_formed_and_self_contained(comparison: Comparison) -> None:
    page = report([comparison], COMMAND)
    root = parse(page)
    names = {element.tag for element in root.iter()}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form"})
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "data", "style")
            assert name != "href" or value.startswith("#")
    assert "http:" not in page
    assert "https:" not in page
    assert "@import" not in page
    assert set(re.findall(r"url\([^)]*\)", page)) == {"url(#hatch)"}


def test_names_are_escaped(comparison: Comparison) -> None:
    page = report([comparison], COMMAND)
    assert "<script" not in page
    assert EVIL in text_of(parse(page))


def test_wrong_claims_come_before_the_statement_and_the_statement_before_the_rows(comparison: Comparison) -> None:
    text = text_of(parse(report([comparison], COMMAND)).find("body"))
    places = [text.index(part) for part in ("4 wrong claims", comparison.statement, "verified value", "verdict")]
    assert places == sorted(places)
    for item in comparison.joint.contradictions:
        assert item.reason in text
    assert "violates capacity by 10" in text
    assert "the solver reports 120, recomputed 60" in text


def test_eight_rows_and_the_rest_on_a_click(comparison: Comparison) -> None:
    root = parse(report([comparison], COMMAND))
    tables = [table for table in root.iter("table") if table.get("class") == "runs"]
    assert [len(table.findall("tbody/tr")) for table in tables] == [8, 3]
    hidden = [table for details in root.iter("details") for table in details.iter("table")]
    assert tables[0] not in hidden
    assert tables[1] in hidden
    shown = {row[0].text for table in tables for row in table.findall("tbody/tr")}
    assert shown == {run.name for run in comparison.runs}


def test_what_reproduces_it_is_named(comparison: Comparison) -> None:
    text = text_of(parse(report([comparison], COMMAND)))
    assert COMMAND in text
    assert comparison.problem.digest() in text
    assert "10 s for each solver, 1 thread" in text
    assert "numpy " in text
    assert "ZeroDivisionError" in text
    assert "never takes anything" in text


def test_plots_have_titles_and_stay_in_their_frames(comparison: Comparison) -> None:
    root = parse(report([comparison], COMMAND))
    plots = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    assert plots
    for svg in plots:
        assert text_of(svg.find("title"))
        for shape in svg.iter():
            for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
                value = shape.get(name, "")
                assert not value.endswith("%") or 0 <= float(value[:-1]) <= 100


def test_claimed_bars_are_hatched_and_verified_ones_solid() -> None:
    problem = Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50)

    def kinds(solver: str) -> set[str | None]:
        page = parse(report([compare(problem, [solver], isolate=False)], ""))
        return {
            rect.get("class") for svg in page.iter("svg") if svg.get("class") == "track" for rect in svg.iter("rect")
        }

    assert "claimed" in kinds("optimist")
    assert "verified" not in kinds("optimist")
    assert "verified" in kinds("cautious")


def test_the_same_every_time(comparison: Comparison) -> None:
    assert report([comparison], COMMAND) == report([comparison], COMMAND)


def test_a_path_has_contents_and_a_plot() -> None:
    problem = CoinChange(coins=[1, 5, 10, 25], amount=1)
    found = compare_path(problem, "amount", [7, 30, 64], ["highs"], isolate=False)
    root = parse(report(found, COMMAND))
    links = [link.get("href") for link in root.iter("a")]
    assert links == ["#c1", "#c2", "#c3"]
    assert [section.get("id") for section in root.iter("section")] == ["c1", "c2", "c3"]
    plot = next(div for div in root.iter("div") if div.get("class") == "along")
    assert {shape.get("class") for shape in plot.iter("line")} >= {"value", "bound"}


def test_nothing_found_is_a_report_too() -> None:
    problem = Knapsack(values=[1], weights=[1], capacity=1)
    root = parse(report([compare(problem, ["refuser"], isolate=False)], COMMAND))
    assert "No solver could be run." in text_of(root)
    assert not [svg for svg in root.iter("svg") if svg.get("role") == "img"]


def test_written_whole(comparison: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report([comparison], path, COMMAND)
    assert path.read_text(encoding="utf-8") == report([comparison], COMMAND)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(OSError, match="none"):
        write_report([comparison], tmp_path / "none" / "x.html", COMMAND)


def test_what_counts_iterations_is_drawn_against_them_too() -> None:
    problem = MatrixGame.generate(30, 1)
    root = parse(report([compare(problem, ["highs", "extragradient"], isolate=False)], ""))
    figures = dict(zip((text_of(h3) for h3 in root.iter("h3")), root.iter("figure"), strict=False))
    assert "Value and bound against iterations" in figures
    titles = [text_of(svg.find("title")) for svg in root.iter("svg") if svg.get("class") == "plot"]
    assert any(title.startswith("extragradient:") and title.endswith("iterations") for title in titles)
    assert not any(title.startswith("highs:") and title.endswith("iterations") for title in titles)
