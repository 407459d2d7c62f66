"""HTML and SVG as nested calls; every text is escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "br", "rect", "line", "path", "circle"})


class Html(str):
    """Markup that is safe as it stands."""


Child = str | Html | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element; ``class_`` stands for class, underscores for hyphens, None and False leave an attribute out."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        parts.append(label if value is True else f'{label}="{escape(_number(value))}"')
    if name in _VOID and not children:
        return Html(f"<{' '.join(parts)}/>")
    return Html(f"<{' '.join(parts)}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Children one after the other; plain text is escaped."""
    return Html("".join(_one(child) for child in children))


def table(
    header: Iterable[Child], rows: Iterable[Iterable[Child]], numeric: Iterable[int] = (), **attributes: str
) -> Html:
    """A table whose ``numeric`` columns are aligned to the right; it scrolls where the page is narrow."""
    right = set(numeric)

    def cells(name: str, row: Iterable[Child], **more: str) -> list[Html]:
        return [tag(name, cell, class_="num" if k in right else None, **more) for k, cell in enumerate(row)]

    head = tag("thead", tag("tr", *cells("th", header, scope="col")))
    body = tag("tbody", *(tag("tr", *cells("td", row)) for row in rows))
    return tag("div", tag("table", head, body, **attributes), class_="scroll")


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """A list of terms and what they are; empty ones are left out."""
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", *shown) if shown else Html("")


def details(summary: Child, *children: Child, **attributes: str | bool | None) -> Html:
    """Something that opens on a click."""
    return tag("details", tag("summary", summary), *children, **attributes)


def _one(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    return escape(child) if isinstance(child, str) else join(child)


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
