"""Commands that plugins add. Light where none is installed: then nothing is loaded to find that out."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dualgap.plugins.registry import Entry, Registry

_GROUP = "dualgap"  # the registry's, which would be heavy to import
_REGISTRY = "dualgap.plugins.registry"


def commands() -> Mapping[str, Entry]:
    """Commands of plugins by name, none of them imported; what plugins print when they load is dropped.

    A plugin that is broken costs a line on stderr, once.
    """
    if _REGISTRY not in sys.modules and not _installed():
        return {}
    with contextlib.redirect_stderr(io.StringIO()):
        from dualgap.plugins.registry import BUILT_IN, registry

        known = registry()
    _warn(known)
    return {name: entry for name, entry in known.commands.items() if entry.plugin != BUILT_IN}


def _installed() -> bool:
    """Whether there may be a plugin, from what is installed alone."""
    from importlib.metadata import entry_points

    return os.environ.get("DUALGAP_PLUGINS") != "" and bool(entry_points(group=_GROUP))


@cache
def _warn(known: Registry) -> None:
    """Says which plugins' commands are missing, and why."""
    from dualgap.cli.screen import tell

    for plugin in known.plugins.values():
        if plugin.error:
            tell(f"plugin {plugin.name} is broken, its commands are missing: {plugin.error}")
        for clash in plugin.clashes:
            if clash.startswith("the command "):
                tell(f"plugin {plugin.name}: {clash}")
