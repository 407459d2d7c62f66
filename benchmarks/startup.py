"""Start-up: what `dualgap --help` costs beside the imports that any command line of Typer and rich pays.

CPU time (user and system) of fresh processes, in medians, the two commands taking turns.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence

from harness import Row, main

PEER = [sys.executable, "-c", "import typer, rich.console"]
COMMANDS = {
    "dualgap --help": (["--help"], 2.5),
    "dualgap solve --help": (["solve", "--help"], None),
}


def cpu_seconds(command: Sequence[str]) -> float:
    """User and system time of one process, start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rows(quick: bool) -> Iterator[Row]:
    """A row a command: its CPU over the peer's."""
    repeats = 11 if quick else 41
    for what, (arguments, target) in COMMANDS.items():
        command = [sys.executable, "-m", "dualgap", *arguments]
        cpu_seconds(command), cpu_seconds(PEER)  # the first run of each compiles and reads from disc
        pairs = [(cpu_seconds(command), cpu_seconds(PEER)) for _ in range(repeats)]
        ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
        yield Row(f"{what}: CPU over the imports alone", ours / theirs, "x", target)
        yield Row(what, ours, "s", None, "import typer, rich.console", theirs)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
