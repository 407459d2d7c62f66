"""Options of generators, checked: an unknown or impossible one names what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from dualgap.core.errors import UsageError


class GeneratorOptions(BaseModel):
    """Base of a generator's options: its fields with their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


OptionsT = TypeVar("OptionsT", bound=GeneratorOptions)


def read_options(model: type[OptionsT], given: Mapping[str, Any], kind: str, size: int) -> OptionsT:
    """The options as an object.

    Raises:
        UsageError: names every option that is unknown or impossible, and the known ones.
    """
    if size < 1:
        raise UsageError(f"{kind} generator: size must be at least 1, got {size}")
    known = ", ".join(model.model_fields)
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        wrong = []
        for item in error.errors(include_url=False):
            name = ".".join(map(str, item["loc"]))
            unknown = item["type"] == "extra_forbidden"
            wrong.append(f"no option {name!r}" if unknown else f"{name}: {item['msg']}")
        raise UsageError(f"{kind} generator: {'; '.join(wrong)}; options: {known}") from None
