"""Options as fields of protocol buffers, by name."""

from __future__ import annotations

import difflib
from typing import Any

from dualgap.core.errors import UsageError


def set_field(message: Any, name: str, value: Any, engine: str) -> None:
    """Sets a field of a protocol buffer by its name, dots between nested ones.

    Raises:
        UsageError: there is no such field, or it takes another type.
    """
    *path, last = name.split(".")
    for part in path:
        message = getattr(message, _known(message, part, name, engine))
    last = _known(message, last, name, engine)
    kind = message.DESCRIPTOR.fields_by_name[last]
    members = kind.enum_type.values_by_name if kind.enum_type is not None else {}
    try:
        setattr(message, last, members[str(value)].number if members else value)
    except (TypeError, KeyError, AttributeError, ValueError):
        hint = f"; one of: {', '.join(members)}" if members else ""
        raise UsageError(f"{engine} parameter {name} can't be {value!r}{hint}") from None


def _known(message: Any, field_name: str, name: str, engine: str) -> str:
    known = list(message.DESCRIPTOR.fields_by_name)
    if field_name in known:
        return field_name
    near = difflib.get_close_matches(field_name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(known[:8])} ..."
    raise UsageError(f"{engine} has no parameter {name!r}; {hint}")
