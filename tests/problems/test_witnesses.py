"""A saved run's witness is read by whoever imports its problem, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dualgap

ROOT = Path(dualgap.__file__).parent
HOLDING = {"networks": "adversarial_example"}  # packages without a kind, and one that has it


def defined() -> dict[str, list[str]]:
    """Witness types by package, from the text."""
    found: dict[str, list[str]] = {}
    for path in (ROOT / "problems").glob("*/**/*.py"):
        text = path.read_text(encoding="utf-8")
        for kind in re.findall(r"class \w+\(Witness\):.*?\n    type: ClassVar\[str\] = \"([^\"]+)\"", text, re.S):
            found.setdefault(path.relative_to(ROOT / "problems").parts[0], []).append(kind)
    return found


@pytest.mark.parametrize("package", sorted(defined()))
def test_a_problem_knows_its_witnesses(package: str) -> None:
    module = f"dualgap.problems.{HOLDING.get(package, package)}"
    code = f"import {module}; from dualgap.core.witness import _registry; print(*_registry)"
    known = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(defined()[package]) <= set(known)
