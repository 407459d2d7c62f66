"""Change-making explained: prices on the amount, divisors, sums that are too small, tables of deficits."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Bound, Sense
from dualgap.core.explain.argument import Wording
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, Part, more, number
from dualgap.core.explain.default import bound_of, by_prices, in_words, judged, stated, title
from dualgap.core.explain.program import Program
from dualgap.core.witness import FarkasRay, Multipliers, Witness
from dualgap.problems.coin_change.currency import currency, unscaled
from dualgap.problems.coin_change.proofs import Divisor, Potential, Unreachable
from dualgap.problems.coin_change.views import integer_program

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange

_WORDING = Wording(
    column="coin",
    price="A unit of the {row} is worth {price}.",
    each="What each coin costs beyond what it pays:",
    pays="Coins that are worth more than they cost, counted as often as they fit: {count}.",
    idle="Coins that are best left out, or worth just what they cost: {count}.",
    conclusion="no payment {limit}",
)


def explain(
    problem: CoinChange, answer: Any, witness: Witness | None, via: str | None, shown: int
) -> tuple[Block, ...]:
    """Model, dual, answer and argument."""
    return (*stated(problem, via, shown), *judged(problem, answer, shown), *_proved(problem, witness, shown))


def _proved(problem: CoinChange, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None:
        return ()
    lines: tuple[Block, ...] = ()
    indivisible = not currency(problem).divides and currency(problem).divisor
    if isinstance(witness, Multipliers):
        program = Program(integer_program(problem), Sense.MINIMIZE)
        lines = by_prices(program, witness.rows.tolist(), bound, shown, _WORDING)
    elif isinstance(witness, Divisor) or (isinstance(witness, Unreachable) and indivisible):
        lines = _divisor(problem, shown)
    elif isinstance(witness, FarkasRay):
        lines = _total(problem, shown)
    elif isinstance(witness, Potential):
        lines = _deficits(problem, witness, bound, shown)
    return (Heading(title(problem, bound)), *(lines or (Paragraph(in_words(problem, bound)),)))


def _usable(problem: CoinChange) -> list[int]:
    found: list[int] = np.flatnonzero(problem.limits > 0).tolist()
    return found


def _divisor(problem: CoinChange, shown: int) -> tuple[Block, ...]:
    """Every coin a multiple of the divisor, the amount none."""
    usable = _usable(problem)
    whole, _ = problem.whole
    divisor = unscaled(problem, gcd(*(int(whole[j]) for j in usable)))
    coins = [(problem.coin_names[j], problem.exact_coins.item(j)) for j in usable]
    lines = tuple(Line((coin,), "=", (coin / divisor, "·", divisor), label=name) for name, coin in coins[:shown])
    times, rest = divmod(problem.exact_amount, divisor)
    amount = Line((problem.exact_amount,), "=", (times, "·", divisor, "+", rest), label="amount")
    return (
        Paragraph(f"Every coin that fits is a multiple of {number(divisor)}:"),
        Lines(lines, more(len(coins) - shown, "coin")),
        Paragraph("So is every sum of coins, and the amount is not:"),
        Lines((amount,)),
    )


def _total(problem: CoinChange, shown: int) -> tuple[Block, ...]:
    """All the coins together, which are too few."""
    usable = _usable(problem)
    parts: list[Part] = []
    for j in usable[:shown]:
        parts += [*(["+"] if parts else []), problem.exact_coins.item(j), "·", int(problem.limits[j])]
    rest = sum((problem.exact_coins.item(j) * int(problem.limits[j]) for j in usable[shown:]), Fraction(0))
    parts += ["+", rest] if rest else []
    money = currency(problem)
    total = unscaled(problem, money.total * money.divisor)
    return (
        Paragraph("All the coins that there are and that fit, together:"),
        Lines((Line(tuple(parts) or (0,), "=", (total,)),)),
        Paragraph(f"The amount is {number(problem.exact_amount)}: they don't make it."),
    )


def _deficits(problem: CoinChange, witness: Potential, bound: Bound, shown: int) -> tuple[Block, ...]:
    """Each smaller number of coins, and why it doesn't do."""
    money = currency(problem)
    largest, unit = int(money.coins.max()), money.divisor
    first = -(-money.amount // largest)
    big, amount = unscaled(problem, largest * unit), problem.exact_amount
    few = f"the most that {first - 1:,} coins pay" if first != 2 else "the most that one coin pays"
    lines = [Line((first - 1, "·", big), "=", ((first - 1) * big,), note=few)]
    counts = range(first, witness.coins)
    for count in counts[: max(shown - 1, 0)]:
        short = count * big - amount
        needed = int(witness.table[count * largest - money.amount])
        lines.append(Line((count, "·", big, "−", amount), "=", (short,), note=f"a deficit that takes {needed:,} coins"))
    left = len(counts) - max(shown - 1, 0)
    table = (
        Paragraph(
            f"Every coin is smaller than {number(big)}, the largest one, by some deficit. The deficits of k coins that "
            f"make {number(amount)} add up to k · {number(big)} − {number(amount)}. A table says at least how many "
            f"coins a deficit takes; its {len(witness.table):,} entries were checked: no coin lifts an entry by more "
            "than 1 over its deficit."
        ),
    )
    return (
        *(table if len(counts) else ()),
        Paragraph("Fewer coins don't make the amount:" if len(counts) else "The largest coin alone shows it:"),
        Lines(tuple(lines), f"{left:,} more numbers of coins" if left > 0 else ""),
        Paragraph(f"So no payment is below {number(bound.value)}."),
    )
