"""The report in headless Chromium: two widths, both colour schemes, sorting and filtering."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.study.review.browser import Page, browser, chromium
from tests.study.review.conftest import EVIL
from tests.study.review.test_review import reviewed, write_review

PROGRAM = chromium()

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed: apt-get install chromium")

COLUMN = """
Array.from(document.querySelectorAll("#runs tbody tr")).filter(row => !row.hidden).map(row => row.cells[%d].textContent)
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert PROGRAM is not None
    with browser(PROGRAM, tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def report(store: Path, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    found, counted, first = reviewed(store)
    write_review(path, found, counted, first)
    return path


@pytest.mark.parametrize("width", [400, 1200])
def test_it_fits_and_its_colours_follow_the_scheme(tab: Page, report: Path, width: int) -> None:
    papers = {}
    for scheme in ("light", "dark"):
        tab.requests.clear()
        tab.complaints.clear()
        tab.open(report, width, scheme)
        assert tab.run("document.documentElement.scrollWidth") <= width
        papers[scheme] = tab.run("getComputedStyle(document.body).backgroundColor")
        small = "Array.from(document.querySelectorAll('p, td, svg text')).filter(e => e.textContent)"
        assert tab.run(f"Math.min(...{small}.map(e => parseFloat(getComputedStyle(e).fontSize)))") >= 11
        assert tab.requests == [report.as_uri()]
        assert not tab.complaints
        assert tab.picture().startswith(b"\x89PNG")
    assert papers == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def test_no_script_of_a_name_runs(tab: Page, report: Path) -> None:
    tab.open(report, 1200, "light")
    assert tab.run("document.scripts.length") == 1
    assert EVIL in tab.run("document.body.textContent")
    tab.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')")
    assert tab.run("window.hit") is None


def sorted_by(tab: Page, heading: str) -> list[Any]:
    """What the column shows after a click on its heading."""
    headings = "Array.from(document.querySelectorAll('#runs thead th'))"
    place = tab.run(f"{headings}.findIndex(th => th.textContent === '{heading}')")
    tab.run(f"document.querySelectorAll('#runs thead button')[{place}].click()")
    found: list[Any] = tab.run(COLUMN % place)
    return found


def test_tables_sort_by_what_numbers_are(tab: Page, report: Path) -> None:
    tab.open(report, 1200, "light")
    down = sorted_by(tab, "value")
    assert down[:12] == ["90"] * 4 + ["95"] * 4 + ["100"] * 4  # as texts, 100 would come first
    assert set(down[12:]) == {"–"}
    up = sorted_by(tab, "value")
    assert up == down[::-1]
    assert sorted_by(tab, "time")[0] == "10 ms"


def test_tables_filter_by_words(tab: Page, report: Path) -> None:
    tab.open(report, 1200, "light")
    box = "document.querySelector('#runs').parentElement.previousElementSibling"
    assert tab.run(f"{box}.textContent") == "20 of 20"
    tab.run(f"{{ const i = {box}.querySelector('input'); i.value = 'greedy 95'; i.dispatchEvent(new Event('input')) }}")
    assert tab.run(f"{box}.textContent") == "4 of 20"
    assert set(tab.run(COLUMN % 2)) == {"greedy"}
