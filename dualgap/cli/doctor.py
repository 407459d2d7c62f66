"""``dualgap doctor``: checks the installation, and says what to do about what is wrong."""

from __future__ import annotations

import typer

from dualgap.cli.options import Json, Plugins

app = typer.Typer(add_completion=False)


@app.command()
def doctor(json: Json = False, plugin: Plugins = None) -> None:
    """Check the installation: versions, every solver run once, imports side by side, plugins, the cache."""
    from dataclasses import asdict

    from rich.text import Text

    from dualgap.cli.checkup import findings
    from dualgap.cli.progress import spinning
    from dualgap.cli.screen import show, show_json

    found = []
    with spinning("checking") as spinner:
        for finding in findings():
            found.append(finding)
            if spinner is not None:
                spinner(finding.name)
            if not json:
                mark = ("ok    ", "green") if finding.ok else ("FAILED", "bold red")
                remedy = ("" if finding.ok else f"\n        {finding.remedy}", "yellow")
                show(Text.assemble(mark, f"  {finding.name}: {finding.detail}", remedy))
    failed = [finding for finding in found if not finding.ok]
    if json:
        show_json([asdict(finding) for finding in found])
    else:
        show("", Text(f"{len(failed)} of {len(found)} checks failed." if failed else "Everything works.", style="bold"))
    raise typer.Exit(1 if failed else 0)
