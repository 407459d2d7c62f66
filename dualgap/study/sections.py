"""What plugins add to a comparison's report: each part made by its plugin, a fault shown in its place."""

from __future__ import annotations

from collections.abc import Sequence

from dualgap.core.figures import Section
from dualgap.core.problem import Problem
from dualgap.display.html import Html, join, table, tag
from dualgap.engine.run import Run
from dualgap.plugins.entries import Entry, quietly
from dualgap.plugins.registry import BUILT_IN, registry


def sections(problem: Problem, runs: Sequence[Run]) -> Html:
    """All parts, the built-ins' first.

    Args:
        problem: the closed spec.
        runs: all of the comparison, the best first.
    """
    found = [_made(entry, problem, runs) for entry in registry().sections.values()]
    return join([_shown(section) for section in found if section is not None])


def _made(entry: Entry, problem: Problem, runs: Sequence[Run]) -> Section | None:
    """One part; where its plugin fails, a sentence that says so: the rest of the report stands."""
    try:
        with quietly():
            section = entry.resolve()(problem, tuple(runs))
        if section is not None and not isinstance(section, Section):
            raise TypeError(f"section {entry.name!r} is a {type(section).__name__}, expected dualgap.Section or None")
    except (Exception, SystemExit) as error:  # whatever a plugin raises is its own fault
        if entry.plugin == BUILT_IN:
            raise
        return Section(text=(f"The section {entry.name} of plugin {entry.plugin} failed: {entry.owner.blame(error)}.",))
    return section


def _shown(section: Section) -> Html:
    cells = table(section.header, section.rows, numeric=range(1, len(section.header)), class_="runs")
    return join(
        [
            tag("h3", section.title) if section.title else None,
            *(tag("p", paragraph) for paragraph in section.text),
            cells if section.header else None,
        ]
    )
