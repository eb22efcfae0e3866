"""Of many values, one."""

from collections.abc import Sequence

P95 = 0.95


def p95(values: Sequence[float]) -> float | None:
    """The smallest of them that is at least as large as 95 of a hundred of them; None of none."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * P95 // 1) - 1)]


def longest_run(values: Sequence[float]) -> int:
    """Most values in a row that are equal to the last bit."""
    longest = run = 0
    for index, value in enumerate(values):
        run = run + 1 if index and value == values[index - 1] else 1
        longest = max(longest, run)
    return longest
