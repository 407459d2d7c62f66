"""What a notebook shows: executed in a real kernel, and judged as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbclient import NotebookClient

import dualgap
from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Solver

CELLS = (
    "import dualgap\nrun = dualgap.solve(dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9))\nrun",
    "import pulp\nmodel = pulp.LpProblem('chairs', pulp.LpMaximize)\nx = model.add_variable('x', 0, 9, 'Integer')\n"
    "model += 2 * x\nmodel += 3 * x <= 11\ndualgap.solve(model)",
    "(x.varValue, model.certificate.verdict)",
    "dualgap.compare(dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9), time=20)",
)


class Page(HTMLParser):
    """Refuses what a card must not hold, and anything that isn't closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert name not in ("script", "style", "link", "iframe", "img"), name
        assert not any(key.startswith("on") or key in ("src", "href", "id") for key, _ in attributes), attributes
        self.seen.add(name)
        self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(name, attributes)
        self.open.pop()

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(markup: str) -> Page:
    page = Page()
    page.feed(markup)
    page.close()
    assert page.open == []
    return page


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_notebook_runs_and_shows_certificates() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [cell.outputs[-1].data for cell in notebook.cells]
    pages = [parsed(output["text/html"]) for output in outputs if "text/html" in output]
    assert [page.text.partition(":")[0] for page in pages[:2]] == ["Optimal, proved", "Optimal, proved"]
    assert "total value 20" in pages[0].text
    assert "(3.0, <Verdict.OPTIMAL" in outputs[2]["text/plain"]
    assert len(pages) == 3
    assert all("table" in page.seen for page in pages)
    assert "svg" in pages[2].seen
    assert "verdict" in pages[2].text


def test_names_are_escaped() -> None:
    bad = "<script>alert('&')</script>"
    problem = dualgap.Knapsack(values=[3], weights=[1], capacity=1, names=[bad])
    page = parsed(dualgap.solve(problem, "highs", isolate=False)._repr_html_())
    assert bad in page.text


class Empty(Solver):
    """Comes back with nothing."""

    name, accepts = "empty", (dualgap.MixedIntegerProgram,)

    def solve(self, form, ctx):
        return Claim(stop=Stop.TIME)


def test_a_run_without_an_answer() -> None:
    problem = {"kind": "integer-program", "minimize": {"x": 1}, "bounds": {"x": [1, 2]}}
    page = parsed(dualgap.solve(problem, Empty(), isolate=False)._repr_html_())
    assert page.text.startswith("No answer (stopped by: time")
    assert "svg" not in page.seen


def test_an_infeasible_run_says_why() -> None:
    problem = {"kind": "integer-program", "minimize": {"x": 1}, "rows": {"most": {"terms": {"x": 2}, "le": -1}}}
    page = parsed(dualgap.solve(problem, "highs", isolate=False)._repr_html_())
    assert page.text.startswith("Infeasible, proved")
    assert "2 x <= -1" in page.text


def test_numbers_of_every_size_have_a_scale() -> None:
    for scale in (1e-9, 1.0, 1e12):
        problem = dualgap.Knapsack(values=[3 * scale, 2.5 * scale], weights=[2, 3], capacity=4)
        markup = dualgap.solve(problem, "greedy", isolate=False)._repr_html_()
        places = [float(place) for place in re.findall(r'="(-?[\d.]+)%"', parsed(markup) and markup)]
        assert places
        assert all(0 <= place <= 100 for place in places)


def test_a_comparison_has_a_bar_for_each_run() -> None:
    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    comparison = dualgap.compare(problem, ["highs", "a & b=greedy", Empty()], isolate=False)
    page = parsed(comparison._repr_html_())
    assert page.text.startswith(comparison.statement)
    assert {"highs", "a & b", "empty"} <= set(re.findall(r"highs|a & b|empty", page.text))
