"""What a class says of itself: its first paragraph, and its attributes as Google-style docstrings list them."""

from __future__ import annotations

import inspect
import re


def summary_of(cls: type) -> str:
    """The docstring up to its first section, paragraphs kept."""
    text = inspect.getdoc(cls) or "" if cls.__doc__ else ""
    return re.split(r"\n\s*(?:Attributes|Args|Raises|Class variables):", text)[0].strip()


def attributes_of(cls: type) -> dict[str, str]:
    """Descriptions by name, from the ``Attributes:`` sections of a class and its bases."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__doc__) if base.__doc__ else ""
        section = re.search(r"^(?:Attributes|Args):\n((?:[ \t]+.*\n?|\n)+)", text, re.MULTILINE)
        if section:
            found.update(_entries(inspect.cleandoc("\n" + section[1])))
    return found


def _entries(section: str) -> dict[str, str]:
    """``name, other: text`` with continuation lines indented."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section):
        names, colon, text = entry.partition(":")
        if colon:
            described = " ".join(text.split())
            found.update({re.sub(r"\s*\(.*\)", "", name).strip(): described for name in names.split(",")})
    return found
