"""What a plugin is and what it offers: resolved when it is first used, checked, and blamed on its plugin."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Answer, Problem
from dualgap.core.solver import Solver, Trait
from dualgap.core.views import Bridge

API = 1
"""This release's plugin interface: ``api`` of solvers, problems and bridges, ``DUALGAP_API`` of a module with hooks."""

OLDEST_API = 1
"""The oldest one that still works, with a warning where it isn't the newest."""


@dataclass
class Plugin:
    """One installed plugin: where it came from, and what is wrong with it.

    Attributes:
        name: the entry point's, or the file's.
        source: the module or file.
        distribution, version: what was installed; empty for a file.
        hooks: the hooks that it implements.
        error: one line for people, empty for a working plugin.
        detail: the traceback of that error.
        clashes: the names that somebody else offers too.
    """

    name: str
    source: str
    version: str = ""
    distribution: str = ""
    hooks: list[str] = field(default_factory=list)
    error: str = ""
    detail: str = ""
    clashes: list[str] = field(default_factory=list)

    def blame(self, error: BaseException) -> str:
        """Records what this plugin raised (the first fault stays); returns it as one line."""
        line = "; ".join(f"{type(error).__name__}: {error}".strip().splitlines())
        if not self.error:
            self.error = line
            self.detail = "".join(traceback.format_exception(error))
        return line


@dataclass
class Entry:
    """Something that a plugin offers under a name: the thing itself, or ``"module:attribute"``."""

    kind: str
    name: str
    target: Any
    owner: Plugin
    rival: str = ""
    fault: str = ""

    @property
    def plugin(self) -> str:
        """The name of the plugin that offers it."""
        return self.owner.name

    def resolve(self) -> Any:
        """The object itself, imported if need be.

        Raises:
            UsageError: two plugins offer the name.
            NoRouteError: it can't be imported, or isn't what its plugin says it is.
        """
        if self.rival:
            raise UsageError(f"{self.name!r} is offered by both {self.plugin} and {self.rival}; uninstall one of them")
        if isinstance(self.target, str) and not self.fault:
            try:
                with quietly():
                    target = imported(self.target)
                check_offer(self.kind, self.name, target)
                self.target = target
            except (Exception, SystemExit) as error:  # a plugin may raise anything; it must not take the rest along
                self.fault = self.owner.blame(error)
        if self.fault:
            raise NoRouteError(f"{self.name!r} of plugin {self.plugin} can't be used: {self.fault}")
        return self.target


def imported(target: str) -> Any:
    """The object that ``"module:attribute"`` names."""
    module, colon, attribute = target.partition(":")
    if not colon or not attribute:
        raise ValueError(f"{target!r} is not of the form 'package.module:attribute'")
    return getattr(importlib.import_module(module), attribute)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Sends what a plugin prints to stderr: stdout carries data."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def check_offer(kind: str, name: str, thing: Any) -> None:
    """Checks that ``thing`` can be used as what it is offered as.

    Raises:
        TypeError: says what is wrong, and with which class.
    """
    faults = _FAULTS[kind](thing)
    offered = "kind" if kind == "problems" else "name"
    called = name if kind in ("readers", "exporters", "sections", "commands") else getattr(thing, offered, name)
    if not faults and called != name:
        faults = [f"offered as {name!r}, but its {offered} is {called!r}"]
    if faults:
        shown = thing.__name__ if isinstance(thing, type) else repr(thing)
        raise TypeError(f"{shown}: {'; '.join(faults)}")


def solver_faults(cls: Any) -> list[str]:
    """What keeps a class from being used as a solver; empty for a good one."""
    if not (isinstance(cls, type) and issubclass(cls, Solver)):
        return ["not a subclass of dualgap.Solver"]
    faults = api_faults(cls.api)
    if not isinstance(cls.name, str) or not cls.name:
        faults.append("needs a class variable 'name'")
    if not (isinstance(cls.accepts, tuple) and cls.accepts and all(isinstance(part, type) for part in cls.accepts)):
        faults.append("needs a class variable 'accepts', a tuple of forms or problem classes")
    if not (isinstance(cls.requires, tuple) and all(isinstance(part, str) for part in cls.requires)):
        faults.append("'requires' must be a tuple of module names")
    if not (isinstance(cls.traits, frozenset) and all(isinstance(part, Trait) for part in cls.traits)):
        faults.append("'traits' must be a frozenset of dualgap.Trait")
    known = {item.name for item in fields(cls)}
    lost = [name for name, kind in inspect.get_annotations(cls).items() if "ClassVar" not in str(kind)]
    if not known.issuperset(lost):
        faults.append("has fields but isn't decorated with @dataclass(frozen=True)")
    if cls.solve is Solver.solve:
        faults.append("must define solve(form, ctx)")
    return faults


def problem_faults(cls: Any) -> list[str]:
    """What keeps a class from being used as a problem kind; empty for a good one."""
    if not (isinstance(cls, type) and issubclass(cls, Problem)):
        return ["not a subclass of dualgap.Problem"]
    faults = api_faults(cls.api)
    if not isinstance(cls.kind, str) or not cls.kind:
        faults.append("needs a class variable 'kind'")
    if not (isinstance(cls.answer_type, type) and issubclass(cls.answer_type, Answer)):
        faults.append("'answer_type' must be a subclass of dualgap.Answer")
    if cls.evaluate is Problem.evaluate:
        faults.append("must define evaluate(answer)")
    return faults


def _bridge_faults(bridge: Any) -> list[str]:
    return api_faults(bridge.api) if isinstance(bridge, Bridge) else ["not a dualgap.Bridge"]


def _reader_faults(reader: Any) -> list[str]:
    return [] if callable(reader) else ["not a function of a path"]


def _exporter_faults(exporter: Any) -> list[str]:
    return [] if callable(exporter) else ["not a function of a problem and an answer"]


def _section_faults(section: Any) -> list[str]:
    return [] if callable(section) else ["not a function of a problem and its runs"]


def _command_faults(command: Any) -> list[str]:
    from typer import Typer

    return [] if isinstance(command, Typer) else ["not a typer.Typer"]


def api_faults(api: Any) -> list[str]:
    """What is wrong with an interface number; an older one that still works is only warned of."""
    if isinstance(api, bool) or not isinstance(api, int) or not OLDEST_API <= api <= API:
        return [f"written for plugin interface {api}, this dualgap has {API}"]
    if api < API:
        message = f"written for plugin interface {api}, which the next minor release drops; it is {API} now"
        warnings.warn(message, DeprecationWarning, stacklevel=3)
    return []


_FAULTS: Mapping[str, Callable[[Any], list[str]]] = {
    "solvers": solver_faults,
    "problems": problem_faults,
    "bridges": _bridge_faults,
    "readers": _reader_faults,
    "exporters": _exporter_faults,
    "sections": _section_faults,
    "commands": _command_faults,
}
