"""A measured figure beside its baseline, what was promised, and how a table of them is printed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


def median(values: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median(values) if values else float("nan")


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


@dataclass
class Figure:
    """One figure. `ratio` is ours by theirs; floor and goal bound the ratio, or the figure where none is given.

    better: whether more or less of what is bounded is better. samples: one value per pair.
    """

    name: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    baseline_name: str = ""
    better: Literal["more", "less"] = "more"
    floor: float | None = None
    goal: float | None = None
    bounds_figure: bool = False
    note: str = ""
    ratios: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.ratios = [a / b for a, b in zip(self.ours, self.theirs, strict=False) if b]

    @property
    def verdict(self) -> str:
        """goal, floor, BELOW, or nothing where nothing was promised."""
        value = median(self.ours) if self.bounds_figure or not self.theirs else median(self.ratios)
        if value != value:
            return "no figure"
        for name, bound in (("goal", self.goal), ("floor", self.floor)):
            if bound is not None and (value >= bound if self.better == "more" else value <= bound):
                return name
        return "" if self.floor is None and self.goal is None else "BELOW"

    def row(self) -> dict[str, Any]:
        """The figure as it stands in latest.json."""
        spread = self.ratios or list(self.ours)
        plain = asdict(self)
        kept = ("name", "unit", "baseline_name", "better", "floor", "goal", "note")
        return {
            **{key: plain[key] for key in kept},
            "figure": _number(median(self.ours)),
            "baseline": _number(median(self.theirs)),
            "ratio": _number(median(self.ratios)),
            "spread": [_number(min(spread)), _number(max(spread))] if spread else None,
            "samples": len(self.ours),
            "bound_on": "figure" if self.bounds_figure or not self.theirs else "ratio",
            "verdict": self.verdict,
        }


def pairs(count: int, *takes: Callable[[], Any]) -> list[list[Any]]:
    """Take each measurement in turn, `count` times (A B A B …): what the machine does meanwhile hits all alike.

    More than one are led in by a round that does not count. Returns one list per measurement."""
    taken: list[list[Any]] = [[] for _ in takes]
    if count > 1:
        for take in takes:
            take()
    for _ in range(count):
        for place, take in enumerate(takes):
            taken[place].append(take())
    return taken


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows for a terminal."""
    head = ["what", "figure", "unit", "baseline", "ratio", "min .. max", "floor", "goal", "verdict"]
    lines = [head]
    for row in rows:
        spread = row["spread"] or ["", ""]
        cells = [row["name"], row["figure"], row["unit"], row["baseline"], row["ratio"]]
        cells += [f"{_text(spread[0])} .. {_text(spread[1])}", row["floor"], row["goal"], row["verdict"]]
        lines.append([_text(cell) for cell in cells])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def _number(value: float) -> float | None:
    return None if value != value else float(f"{value:.4g}")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,g}" if isinstance(value, int | float) else str(value)
