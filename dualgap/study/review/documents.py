"""The first screen for other documents: Markdown and LaTeX."""

from __future__ import annotations

import re

from dualgap.study.review.summary import MOST_ROWS, Summary

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "µ": r"\textmu{}",
    "≥": r"$\geq$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def markdown(first: Summary) -> str:
    """A section with the statement and the table."""
    table = first.table
    rule = ["--:" if k in table.numeric else "---" for k in range(len(table.header))]
    rows = [table.header, tuple(rule), *table.rows]
    caught = [f"- **{_md(text)}.**" for text in first.caught]
    facts = [f"- {_md(name)}: {_md(text)}" for name, text in first.conditions if text]
    lines = [f"## {_md(first.title)}", "", _md(first.eyebrow) + "."]
    lines += ["", f"**{len(caught)} wrong claim{'s' * (len(caught) > 1)}**", "", *caught] if caught else []
    lines += ["", _md(first.statement), ""]
    lines += [f"| {' | '.join(row if row in (*rule,) else _md(row) for row in cells)} |" for cells in rows]
    return "\n".join([*lines, "", *facts, f"- made with: {_code(first.command)}", ""])


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Text between more backticks than it has itself."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {' '.join(text.split())} {fence}"


def latex(first: Summary) -> str:
    """A table that needs ``booktabs``, with the statement as its caption."""
    table = first.table
    columns = "".join("r" if k in table.numeric else "l" for k in range(len(table.header)))
    rows = [r" & ".join(map(_tex, row)) + r" \\" for row in table.rows[:MOST_ROWS]]
    caught = [f"% wrong claim: {' '.join(text.split())}" for text in first.caught]
    conditions = "; ".join(f"{_tex(name)}: {_tex(text)}" for name, text in first.conditions if text)
    return "\n".join(
        [
            f"% {' '.join(first.command.split())}",
            *caught,
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{_tex(first.statement)}}}",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            f"    {' & '.join(map(_tex, table.header))} " + r"\\",
            r"    \midrule",
            *(f"    {row}" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            rf"  \par\smallskip\footnotesize {conditions}",
            r"\end{table}",
            "",
        ]
    )


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))
