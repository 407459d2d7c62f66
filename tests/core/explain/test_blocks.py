"""Numbers and sums as they are shown, and the two renderers."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualgap.core.explain.blocks import Heading, Line, Lines, Paragraph, Variable, Words, linear, more, number
from dualgap.core.explain.latex import as_latex, escape
from dualgap.core.explain.text import as_text, formula


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (465424, "465,424"),
        (-1234.5, "−1,234.5"),
        (0.1, "0.1"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 3333333), "0.0000003000000300…"),
        (Fraction(-1, 8), "−0.125"),
        (Fraction(2, 3) * 10**6, "666,666.6666…"),
        (Fraction(100000, 300001), "100000/300001"),
        (Fraction(1000000, 3000001), "0.3333332222…"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (Fraction(10**40, 3), "3.333333333e+39…"),
    ],
)
def test_numbers(value: float | Fraction, shown: str) -> None:
    assert number(value) == shown


@given(st.fractions())
def test_a_number_without_dots_is_exact_and_one_with_them_is_close(value: Fraction) -> None:
    shown = number(value)
    plain = shown.rstrip("…").replace(",", "").replace("−", "-")
    if "…" in shown:
        assert float(plain) == pytest.approx(float(value), rel=2e-9)
    else:
        assert Fraction(plain) == value


def test_sums_leave_out_ones_and_zeros_and_count_the_rest() -> None:
    names = [Variable(name) for name in "abcde"]
    terms = list(zip(map(Fraction, (-1, 0, 2, 1, 5)), names, strict=True))
    assert formula(linear(terms, 9)).replace("\u00a0", " ") == "−a + 2 c + d + 5 e"
    assert formula(linear(terms, 2, 3)).replace("\u00a0", " ") == "−a + 2 c + (5 more)"
    assert formula(linear([], 3)) == "0"
    assert (more(1, "row"), more(9990, "row"), more(0, "row"), more(-3, "row")) == (
        "1 more row",
        "9,990 more rows",
        "",
        "",
    )


BLOCKS = (
    Heading("The model"),
    Paragraph("maximise"),
    Lines(
        (Line((5, Variable("x 1"), "+", 3, Variable("y", "z")), "≤", (400,), label="wood", note="per day"),),
        "3 more rows",
    ),
)


def test_text_is_aligned_and_wrapped() -> None:
    assert as_text(BLOCKS, 80).splitlines() == [
        "The model",
        "─────────",
        "",
        "maximise",
        "    wood: 5 x 1 + 3 z[y] ≤ 400   per day",
        "    … 3 more rows",
    ]
    narrow = as_text((Lines((Line((*(Variable("name of it"), "+") * 5, 1), "≤", (2,)),)),), 30)
    assert all(len(line) <= 30 for line in narrow.splitlines())
    assert all("name of it" in line for line in narrow.splitlines()[:-1])


@pytest.mark.parametrize("name", ["\x1b[31mred", "two\nlines", "a\rb"])
def test_names_cannot_command_the_terminal(name: str) -> None:
    text = as_text((Lines((Line((Variable(name),), "=", (1,), label=name),)),))
    assert len(text.splitlines()) == 1
    assert all(letter.isprintable() or letter == "\n" for letter in text)


_COMMANDS = {"begin", "end", "text", "array", "section"}


def balanced(latex: str) -> None:
    """Braces close, environments nest, and specials are escaped outside of maths."""
    environments: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", latex):
        if kind == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert not environments
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", latex):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert latex.count(r"\[" + "\n") == latex.count("\n" + r"\]")


def test_latex_is_balanced() -> None:
    latex = as_latex(BLOCKS)
    balanced(latex)
    assert r"\text{wood:} & 5 \,\text{x 1} + 3 \,z_{\text{y}} & \le & 400 & \quad\text{per day}" in latex


@given(st.text(max_size=30))
def test_any_name_is_escaped(name: str) -> None:
    blocks = (
        Heading(name),
        Paragraph(name),
        Lines((Line((Variable(name, "x"), Words(name)), "=", (1,), label=name, note=name),), name),
    )
    balanced(as_latex(blocks))
    bare = re.sub(
        r"\\beyond\{.\}|\\[A-Za-z]+\{\}|\\[&%$#_{}]|\$\\[a-zA-Z]+(\{\w\})?\$|\$-\$",
        "",
        escape(name).replace(r"\textstyle\sum", r"\sum"),
    )
    assert not set(bare) & set("&%$#_{}^~\\")
