"""Every command and every Python block of the README and the docs is executed, in order, page by page.

A page's blocks share one folder: ``title="NAME"`` blocks are written to it, ``console`` commands run in it, ``python``
blocks run as one script at the end. What a page shows of a command's output must be there when it runs; numbers may
differ (times do), sentences of a certificate may not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FENCE = re.compile(r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<body>.*?)^```$", re.M | re.S)
BY_CI = re.compile(r"^(make|git clone|cd dualgap|\.ci/run)\b")  # .ci/run itself calls these, in a fresh clone
SENTENCE = re.compile(r"^(Optimal|Within|Feasible|Infeasible|Unbounded|Wrong|Contradicted|No )")


@dataclass(frozen=True)
class Command:
    """A command of a console block, with the output that the page shows."""

    text: str
    shown: tuple[str, ...]


def commands(body: str) -> Iterator[Command]:
    """The ``$ `` lines of a console block (a trailing backslash continues), each with what follows it."""
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        lines = part.replace("\\\n", " ").splitlines()
        yield Command(lines[0], tuple(line for line in lines[1:] if line.strip()))


def shape(line: str) -> str:
    """A line without what may differ from run to run: numbers, units of time, alignment, rules of tables."""
    bare = re.sub(r"\d[\d,.]*(e[-+]?\d+)?", "#", line)
    bare = re.sub(r"# (µs|us|ms|s)\b", "# s", bare)
    return re.sub(r"[\s─━┄-]+", " ", bare).strip()


def check(command: Command, output: str) -> None:
    """Every line that the page shows stands in the output (an ellipsis line stands for anything)."""
    produced = output.splitlines()
    shapes = {shape(line) for line in produced}
    for line in command.shown:
        if line.strip() in ("...", "…"):
            continue
        if SENTENCE.match(line):
            sentences = {text.rstrip() for text in produced}
            assert line.rstrip() in sentences, f"{command.text}: {line!r} is not in\n{output}"
        else:
            assert shape(line) in shapes, f"{command.text}: {line!r} is not in\n{output}"


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_works(page: Path, tmp_path: Path) -> None:
    if page.name in ("README.md", "CONTRIBUTING.md"):
        for name in ("dualgap", "examples", "benchmarks"):
            (tmp_path / name).symlink_to(ROOT / name)
    script = ""
    for fence in FENCE.finditer(page.read_text(encoding="utf-8")):
        body, title = fence["body"], fence["title"]
        if title:
            (tmp_path / title).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / title).write_text(body, encoding="utf-8")
        elif fence["language"] == "python":
            script += body
        elif fence["language"] == "console":
            for command in commands(body):
                if BY_CI.match(command.text):
                    continue
                done = subprocess.run(
                    ["bash", "-c", command.text],
                    cwd=tmp_path,
                    env=environment(),
                    capture_output=True,
                    text=True,
                    timeout=300,
                    stdin=subprocess.DEVNULL,
                )
                expected = re.search(r"# exits (\d+)", command.text)
                assert done.returncode == int(expected[1] if expected else 0), done.stdout + done.stderr
                check(command, done.stdout + done.stderr)
    if script:
        (tmp_path / "page.py").write_text(script, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "page.py"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr


def test_console_blocks_are_found_and_their_output_is_held_to() -> None:
    (command,) = commands("$ echo 1 \\\n2\nOptimal, proved: x 3.\n| a | 1.5 ms |\n")
    assert command.text == "echo 1  2"
    check(command, "| a |  0.2 s |\nOptimal, proved: x 3.\n")
    with pytest.raises(AssertionError):
        check(command, "| a | 0.2 s |\nOptimal, proved: x 4.\n")
    with pytest.raises(AssertionError):
        check(command, "Optimal, proved: x 3.\n| b | 0.2 s |\n")


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name in navigation


def test_make_shows_what_ci_runs() -> None:
    assert shutil.which("make")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for target in ("demo", "test", "check"):
        assert re.search(rf"make .*\b{target}\b", ci)
