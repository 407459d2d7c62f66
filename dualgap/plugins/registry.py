"""The plugin manager: what is installed, by name, resolved when it is first used; faults stay with their plugin."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pluggy

from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Choice, Solver
from dualgap.core.views import Bridge
from dualgap.plugins import hookspecs
from dualgap.plugins.entries import API, Entry, Plugin, api_faults, check_offer, problem_faults, quietly, solver_faults
from dualgap.plugins.sources import called, classes, import_file

GROUP = "dualgap"
BUILT_IN = "dualgap"
LOCAL = "(registered here)"
TABLES = ("solvers", "problems", "bridges", "readers", "exporters", "sections", "commands")

__all__ = ["API", "Entry", "Plugin", "Registry", "registry", "using"]


class Registry:
    """All plugins of this process. Third-party ones are chosen by ``DUALGAP_PLUGINS`` (names, or empty for none)."""

    def __init__(self, third_party: bool = True) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.solvers: dict[str, Entry] = {}
        self.problems: dict[str, Entry] = {}
        self.bridges: dict[str, Entry] = {}
        self.readers: dict[str, Entry] = {}
        self.exporters: dict[str, Entry] = {}
        self.sections: dict[str, Entry] = {}
        self.commands: dict[str, Entry] = {}
        self.paths: list[str] = []
        self._manager = pluggy.PluginManager(hookspecs.NAME)
        self._manager.add_hookspecs(hookspecs)
        built_in = Plugin(BUILT_IN, "dualgap.plugins.builtin")
        self._load(built_in, lambda: importlib.import_module(built_in.source))
        if third_party:
            self._load_entry_points()

    # Loading.
    def _load_entry_points(self) -> None:
        points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value))
        chosen = os.environ.get("DUALGAP_PLUGINS")
        if chosen is not None:
            wanted = [name.strip() for name in chosen.split(",") if name.strip()]
            for name in sorted(set(wanted) - {point.name for point in points}):
                known = ", ".join(point.name for point in points) or "none"
                error = f"asked for, but not installed; installed: {known}"
                self.plugins[name] = Plugin(name, "DUALGAP_PLUGINS", error=error)
            points = [point for point in points if point.name in wanted]
        for point in points:
            distribution = point.dist.name if point.dist else ""
            name = point.name if point.name not in self.plugins else f"{point.name} ({distribution or point.value})"
            version = point.dist.version if point.dist else ""
            self._load(Plugin(name, point.value, version, distribution), point.load)

    def load_path(self, path: str | Path) -> None:
        """Loads ``--plugin ./mine.py``: its hooks, or else every solver and problem class that it defines.

        Raises:
            UsageError: no such file, it can't be imported, or a name of it is taken.
        """
        file = Path(path).resolve()
        if str(file) in self.paths:
            return
        if not file.is_file():
            raise UsageError(f"--plugin {path}: no such file")
        plugin = Plugin(file.name if file.name not in self.plugins else str(file), str(file))
        self._load(plugin, lambda: import_file(file), explicit=True)
        if plugin.error:
            del self.plugins[plugin.name]
            raise UsageError(f"--plugin {path} can't be loaded: {plugin.error}")
        self.paths.append(str(file))

    def load_module(self, name: str, target: str) -> None:
        """Loads an entry point ``name = target`` that needn't be installed.

        Raises:
            UsageError: it can't be imported, or a name of it is taken.
        """
        plugin = Plugin(name, target)
        point = importlib.metadata.EntryPoint(name, target, GROUP)
        self._load(plugin, point.load, explicit=True)
        if plugin.error:
            raise UsageError(f"plugin {name} = {target} can't be loaded: {plugin.error}")

    def _load(self, plugin: Plugin, load: Callable[[], Any], explicit: bool = False) -> None:
        """Loads one plugin; whatever it raises is kept as its error, and then it offers nothing.

        An ``explicit`` plugin, one that somebody asked for by its file, has no part that may fail on its own.
        """
        self.plugins[plugin.name] = plugin
        try:
            with quietly():
                entries = self._entries(plugin, load())
            if explicit:
                self._insist(entries)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is its own fault, shown by `plugins list`
            plugin.blame(error)
            if self._manager.has_plugin(plugin.name):
                self._manager.unregister(name=plugin.name)
            return
        for entry in entries:
            self._offer(entry)

    def _entries(self, plugin: Plugin, module: Any) -> list[Entry]:
        """What the module's hooks offer, or its classes where it has no hook."""
        outdated = api_faults(getattr(module, "DUALGAP_API", API))
        if outdated:
            raise TypeError(outdated[0])
        self._manager.register(module, name=plugin.name)
        callers = self._manager.get_hookcallers(module) or []
        plugin.hooks = sorted(caller.name for caller in callers)
        unknown = [caller.name for caller in callers if not caller.has_spec()]
        if unknown:
            raise TypeError(f"no hook {_nearest(unknown[0], vars(hookspecs), 'dualgap_')}")
        tables = {
            caller.name.removeprefix("dualgap_"): called(implementation, caller.name)
            for caller in callers
            for implementation in self._implementations(caller.name, plugin.name)
            if caller.name != "dualgap_choices"
        }
        if not callers:
            tables = classes(module)
        entries = [Entry(kind, name, target, plugin) for kind in tables for name, target in tables[kind].items()]
        for entry in entries:
            if not isinstance(entry.target, str):
                try:
                    check_offer(entry.kind, entry.name, entry.target)
                except TypeError as error:
                    entry.fault = plugin.blame(error)
        return entries

    def _implementations(self, hook: str, plugin: str) -> list[pluggy.HookImpl]:
        """One plugin's implementations of a hook, called one by one so that a fault has an owner."""
        return [one for one in getattr(self._manager.hook, hook).get_hookimpls() if one.plugin_name == plugin]

    def _insist(self, entries: list[Entry]) -> None:
        for entry in entries:
            known = getattr(self, entry.kind).get(entry.name)
            if entry.fault:
                raise TypeError(entry.fault)
            if known is not None:
                raise ValueError(f"{entry.name!r} is already offered by {known.plugin}")

    def _offer(self, entry: Entry) -> None:
        """Enters it; a built-in keeps its name, two other plugins lose it to each other."""
        table: dict[str, Entry] = getattr(self, entry.kind)
        known = table.get(entry.name)
        if known is None:
            table[entry.name] = entry
            return
        named = f"{'the command ' if entry.kind == 'commands' else ''}{entry.name!r}"
        entry.owner.clashes.append(f"{named} is already offered by {known.plugin}")
        if known.plugin != BUILT_IN:
            known.rival = entry.plugin
            known.owner.clashes.append(f"{named} is also offered by {entry.plugin}")

    def register(self, thing: Any) -> Any:
        """Registers a solver (class or object) or a problem class in this process; a later one replaces an earlier.

        Raises:
            UsageError: it is neither, it is incomplete, or a plugin has its name.
        """
        cls = thing if isinstance(thing, type) else type(thing)
        if not issubclass(cls, Solver | Problem) or (isinstance(thing, Problem)):
            raise UsageError(f"register takes a solver or a problem class, not {cls.__name__}")
        faults = solver_faults(cls) if issubclass(cls, Solver) else problem_faults(cls)
        if faults:
            raise UsageError(f"{cls.__name__}: {'; '.join(faults)}")
        kind, name = ("solvers", cls.name) if issubclass(cls, Solver) else ("problems", cls.kind)
        table: dict[str, Entry] = getattr(self, kind)
        known = table.get(name)
        if known is not None and known.plugin != LOCAL:
            raise UsageError(
                f"{name!r} is offered by {known.plugin}; {cls.__module__}.{cls.__qualname__} needs another name"
            )
        owner = self.plugins.setdefault(LOCAL, Plugin(LOCAL, "dualgap.register"))
        table[name] = Entry(kind, name, thing, owner)
        return thing

    # Looking up.
    def solver(self, name: str) -> Any:
        """The solver class (or registered instance) of a name; a bare engine takes its first interface.

        Raises:
            UsageError: unknown, with the nearest names; or two plugins offer it.
            NoRouteError: its plugin is broken.
        """
        return self.solvers[self.solver_name(name)].resolve()

    def solver_name(self, name: str) -> str:
        """The full name: ``cbc`` is ``cbc@pulp``."""
        if name in self.solvers:
            return name
        interfaces = [known for known in self.solvers if known.partition("@")[0] == name]
        if interfaces:
            return interfaces[0]
        raise UsageError(f"no solver {_nearest(name, self.solvers)}{self._broken()}")

    def _broken(self) -> str:
        """A hint for a name that isn't there: it may belong to a plugin that couldn't be loaded."""
        broken = [plugin.name for plugin in self.plugins.values() if plugin.error]
        return f" (broken plugins, see dualgap plugins list: {', '.join(broken)})" if broken else ""

    def is_local(self, solver: str) -> bool:
        """Whether a solver exists in this process only."""
        return self.solvers[solver].plugin == LOCAL

    def problem_kinds(self) -> Mapping[str, type[Problem]]:
        """Problem classes by kind, imported when they are looked up."""
        return _Lazy(self.problems)

    def all_bridges(self) -> list[Bridge]:
        """Every bridge that can be used; the others are marked on their plugin and left out."""
        found = []
        for entry in self.bridges.values():
            try:
                found.append(entry.resolve())
            except (NoRouteError, UsageError):
                continue
        return found

    def choices(self, problem: Problem) -> list[Choice]:
        """What the plugins would take for a problem, in the order of their names; the built-ins' choices come last."""
        found: list[Choice] = []
        for plugin in [*(one for one in self.plugins.values() if one.name != BUILT_IN), self.plugins[BUILT_IN]]:
            for implementation in self._implementations("dualgap_choices", plugin.name):
                try:
                    with quietly():
                        found += self._chosen(implementation, problem)
                except (Exception, SystemExit) as error:  # the other plugins' choices stand
                    if plugin.name == BUILT_IN:
                        raise
                    plugin.blame(error)
        return found

    def _chosen(self, implementation: pluggy.HookImpl, problem: Problem) -> list[Choice]:
        chosen: Any = implementation.function(*([problem] if implementation.argnames else [])) or ()
        for choice in chosen:
            if not isinstance(choice, Choice):
                raise TypeError(f"dualgap_choices returned {choice!r}, expected dualgap.core.solver.Choice")
            self.solver_name(choice.solver)
        return list(chosen)

    def inspect(self) -> None:
        """Resolves everything that is offered, so that every broken plugin is marked before they are listed."""
        for kind in TABLES:
            for entry in getattr(self, kind).values():
                try:
                    entry.resolve()
                except (NoRouteError, UsageError):
                    continue


class _Lazy(Mapping[str, type[Problem]]):
    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    def __getitem__(self, name: str) -> type[Problem]:
        resolved: type[Problem] = self._entries[name].resolve()
        return resolved

    def __contains__(self, name: object) -> bool:
        return name in self._entries  # without importing it, as the mixin would

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _nearest(name: str, known: Mapping[str, Any], prefix: str = "") -> str:
    import difflib

    names = [candidate for candidate in known if candidate.startswith(prefix)]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"{name!r}; " + (f"did you mean {', '.join(near)}?" if near else f"there are: {', '.join(sorted(names))}")


_registry: Registry | None = None


def registry() -> Registry:
    """The registry of this process, loaded at first use."""
    global _registry
    if _registry is None:
        _registry = Registry()
    return _registry


@contextmanager
def using(other: Registry) -> Iterator[Registry]:
    """Puts another registry in the place of this process's, for a while: to look at a plugin by itself."""
    global _registry
    kept, _registry = _registry, other
    try:
        yield other
    finally:
        _registry = kept
