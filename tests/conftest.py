"""Fixtures and marks that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from dualgap.plugins import registry as module

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
if os.environ.get("CI"):  # the same examples every time: a change is judged by what it changes
    settings.load_profile("ci")
os.environ.pop("COLUMNS", None)  # the width of somebody's terminal: tests say what they need


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: whole pages, then what is marked slow; so that no process waits for another's last test."""
    items.sort(key=lambda item: (item.path.name != "test_docs.py", item.get_closest_marker("slow") is None))


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real instances; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside the checkout: the real instances are not part of the project")
    return SHARED


@pytest.fixture
def registered() -> Iterator[Callable[[Any], Any]]:
    """Registers solvers and problems for one test, in a registry of its own."""
    kept, module._registry = module._registry, module.Registry()
    yield module._registry.register
    module._registry = kept
