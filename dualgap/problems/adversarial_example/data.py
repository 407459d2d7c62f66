"""Raw specs of adversarial examples: networks, data and properties in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.networks.inputs import RAW_FIELDS as INPUT_FIELDS
from dualgap.problems.networks.inputs import RAW_SCHEMAS as INPUT_SCHEMAS
from dualgap.problems.networks.inputs import resolve_inputs
from dualgap.problems.networks.vnnlib import read_vnnlib

WORDS = ("any", "runner-up")
"""Targets that aren't classes."""

RAW_FIELDS: Mapping[str, str] = {
    "target": 'the class that an input shall be taken for: "any" (the default), "runner-up" (the likeliest but its '
    "own), a class, or one for each input",
    "property": 'instead of inputs and labels: {file = "prop.vnnlib"}, a box and what makes outputs unsafe',
    **INPUT_FIELDS,
}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "target": {
        "anyOf": [
            {"type": "string"},
            {"type": "integer", "minimum": 0},
            {"type": "array", "items": {"type": "integer"}},
        ],
        "default": "any",
    },
    "property": {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]},
    **INPUT_SCHEMAS,
}
_OF_EACH_INPUT = ("labels", "names", "target", "targets", "lower", "upper")


def closed(spec: Mapping[str, Any], resolver: Resolver, columns: Sequence[str]) -> dict[str, Any]:
    """The spec without files.

    Raises:
        SpecError: something can't be read; with the place and the remedy.
    """
    raw = dict(spec)
    if "property" in raw:
        raw |= _property(raw.pop("property"), raw, resolver)
    named = isinstance(raw.get("target"), str) and raw["target"] not in WORDS
    return resolve_inputs(raw, resolver, (*columns, "target") if named else columns, each=_OF_EACH_INPUT)


def _property(given: Any, raw: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    name = given.get("file") if isinstance(given, Mapping) else None
    read = read_vnnlib(resolver.path(name, "property.file"))
    del read["kind"]
    twice = sorted(set(raw) & {*read, "labels", "target", "targets"})
    if twice:
        raise SpecError(
            [Fault(field, "beside property", f"{shown(name)} says it all but the network") for field in twice]
        )
    return read
