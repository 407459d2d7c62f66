"""What every report has: the page around it, what was caught, legends, times as people read them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import dualgap
from dualgap.display.html import Child, Html, details, join, tag
from dualgap.study.plots import DEFS

_MOST_CAUGHT = 8


def document(title: str, *sections: Child, script: str = "") -> str:
    """A whole page that loads nothing from anywhere: its policy forbids it, and every script but the given one."""
    allowed = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" if script else "'none'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="generator", content=f"dualgap {dualgap.__version__}"),
        tag("title", title),
        tag("style", Html(asset("report.css"))),
    )
    body = tag("body", DEFS, tag("main", *sections), tag("script", Html(script)) if script else None)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def asset(name: str) -> str:
    """The text of a file that lies beside the modules."""
    return files("dualgap.study").joinpath(name).read_text(encoding="utf-8")


def write_whole(text: str | bytes, path: Path) -> None:
    """Writes a file whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(text.encode() if isinstance(text, str) else text)
    partial.replace(path)


def alert(found: Sequence[str]) -> Html | None:
    """Whatever was caught; the first of many, the others on a click."""
    if not found:
        return None
    title = f"{len(found):,} wrong claim{'s' * (len(found) > 1)}"
    items = [tag("li", f"{text}.") for text in found]
    first, rest = items[:_MOST_CAUGHT], items[_MOST_CAUGHT:]
    more = details(f"{len(rest):,} more", tag("ul", *rest)) if rest else None
    return tag("aside", tag("strong", title), tag("ul", *first), more, class_="alert", role="note")


def legend(*entries: tuple[str, str]) -> Html:
    """A caption of (key's class, text)."""
    return tag("figcaption", join([tag("span", class_=f"key {kind}"), f"{text} "] for kind, text in entries))


INTERVALS_LEGEND = legend(
    ("value", "verified value"),
    ("verified", "up to a verified bound"),
    ("claimed", "up to a bound that is only claimed"),
    ("band", "where the optimum lies"),
)
COURSES_LEGEND = legend(
    ("value", "best answer, recomputed"),
    ("bound", "bound"),
    ("verified", "gap that a verified bound supports"),
    ("claimed", "on the solver's word"),
)


def reproduced(command: str) -> tuple[str, Html]:
    """What the report was made with."""
    return "made with", tag("code", command)


def format_seconds(seconds: float) -> str:
    """Milliseconds below a second, else seconds with two decimals; microseconds below .1 ms."""
    if seconds < 9.95e-5:
        return f"{1e6 * seconds:,.0f} µs"
    if seconds < 0.00995:
        return f"{1000 * seconds:,.2g} ms"
    return f"{1000 * seconds:,.0f} ms" if seconds < 0.9995 else f"{seconds:,.2f} s"
