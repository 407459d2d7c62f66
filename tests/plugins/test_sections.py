"""Parts of reports by plugin: there with it, gone without it, its faults its own."""

from __future__ import annotations

import pytest

import dualgap
from dualgap.plugins.registry import Registry, using
from dualgap.study.compare import Comparison, compare
from dualgap.study.report import report
from tests.plugins.fake_plugins import Install

GOOD = """
from dualgap import Section, hookimpl

@hookimpl
def dualgap_sections():
    return {"weighed": weighed, "silent": lambda problem, runs: None}

def weighed(problem, runs):
    rows = [(run.name, str(run.certificate.value)) for run in runs]
    return Section("What <is> packed", ("Counted here.",), ("solver", "weighed"), tuple(rows))
"""
BAD = """
from dualgap import hookimpl

@hookimpl
def dualgap_sections():
    return {"wrong": wrong}

def wrong(problem, runs):
    __BODY__
"""


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(dualgap.Knapsack.generate(6, 0), ["dynamic-programming", "greedy"], isolate=False)


def test_a_section_comes_and_goes_with_its_plugin(
    comparison: Comparison, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    with using(Registry(third_party=False)):
        without = report([comparison], "")
    install("scales", GOOD)
    with using(Registry()):
        page = report([comparison], "")
    assert "<h3>What &lt;is&gt; packed</h3><p>Counted here.</p>" in page
    assert page.count(">weighed</th>") == 1
    assert page.index("packed</h3>") < page.index("The runs")
    monkeypatch.setenv("DUALGAP_PLUGINS", "")
    with using(Registry()):
        assert report([comparison], "") == without
    assert "Counted here" not in without


@pytest.mark.parametrize(
    ("body", "said"), [("1 / 0", "ZeroDivisionError"), ("return 'text'", "expected dualgap.Section")]
)
def test_a_fault_is_shown_in_its_place(comparison: Comparison, install: Install, body: str, said: str) -> None:
    install("odd", BAD.replace("__BODY__", body))
    install("scales", GOOD)
    with using(Registry()) as known:
        page = report([comparison], "")
        assert said in known.plugins["odd"].error
    assert "The section wrong of plugin odd failed" in page
    assert said in page
    assert "Counted here." in page


def test_what_is_no_function_is_an_error_of_its_plugin(install: Install) -> None:
    install("odd", "from dualgap import hookimpl\n@hookimpl\ndef dualgap_sections():\n    return {'wrong': 3}\n")
    known = Registry()
    assert "not a function of a problem and its runs" in known.plugins["odd"].error


def test_rows_are_as_long_as_the_header() -> None:
    with pytest.raises(ValueError, match="as long as its header, 2"):
        dualgap.Section(header=("a", "b"), rows=(("1",),))
