"""Plots as inline SVG.

In: numbers and names. Out: SVG text that takes its colours from the page. Never: a script, a font or a network address.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from loraset.experiment.effects import Pair
from loraset.experiment.statistics import Effect

COLORS = ("#2f6fde", "#d9541e", "#12937a", "#8a4fd3", "#b07d0a", "#cf3d78", "#6b8e23", "#4aa3b8")
SEED, MEAN = "#5d7285", "#8a4fd3"

Point = tuple[float, float]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from low to high, at most `most` + 1 of them."""
    span = max(high - low, 1e-9)
    rough = span / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    return [round(float(value), 10) + 0.0 for value in np.arange(first, high + step * 1e-6, step)]


def _axis(low: float, high: float) -> tuple[float, float]:
    """Return a range with a little air, never of no width."""
    pad = max((high - low) * 0.08, 1e-3)
    return low - pad, high + pad


def color_of(arm: int) -> str:
    """Return the colour of an arm, by its place in the protocol."""
    return COLORS[arm % len(COLORS)]


def paired_plot(
    pairs: Sequence[Pair], effect: Effect | None, names: tuple[str, str], colors: tuple[str, str], title: str
) -> str:
    """Return a line for each training seed from one arm to the other, and their mean difference with its interval."""
    width, height, left, top, bottom = 620, 300, 56, 34, 40
    values = [value for pair in pairs for value in (pair.first, pair.second)]
    low, high = _axis(min(values), max(values))

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (height - top - bottom)

    parts = [_text(left, 16, title, "start", "head")]
    for tick in ticks(low, high):
        parts.append(f'<line class="grid" x1="{left}" x2="330" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(_text(left - 8, y(tick) + 4, f"{tick:g}", "end"))
    columns = (120.0, 270.0)
    for pair in pairs:
        ends = [(columns[0], y(pair.first)), (columns[1], y(pair.second))]
        parts.append(_line(ends, "seed"))
        parts += [_dot(x, at, color, f"seed {pair.seed}") for color, (x, at) in zip(colors, ends, strict=True)]
    parts += [_text(x, height - 16, name, "middle", "name") for x, name in zip(columns, names, strict=True)]
    if effect is not None:
        parts += _difference(pairs, effect, height, top, bottom)
    return _svg(width, height, parts, title)


def _difference(pairs: Sequence[Pair], effect: Effect, height: int, top: int, bottom: int) -> list[str]:
    """Return the right part: each seed's difference, their mean and its interval, on a scale of their own."""
    left, right, middle = 420, 600, 510.0
    gaps = [pair.first - pair.second for pair in pairs]
    ends = [value for value in (effect.low, effect.high) if value is not None]
    low, high = _axis(min(0.0, *gaps, *ends), max(0.0, *gaps, *ends))

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (height - top - bottom)

    parts = [_text(left - 8, 16, "difference, 95 % interval", "start", "head")]
    for tick in ticks(low, high):
        kind = "zero" if abs(tick) < 1e-9 else "grid"
        parts.append(f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(_text(left - 8, y(tick) + 4, f"{tick:g}", "end"))
    parts += [_dot(middle - 30, y(gap), SEED, "") for gap in gaps]
    if effect.low is not None and effect.high is not None:
        parts.append(_line([(middle + 20, y(effect.low)), (middle + 20, y(effect.high))], "interval"))
    parts.append(_dot(middle + 20, y(effect.mean), MEAN, "mean", 6))
    parts.append(_text(middle - 30, height - 16, "seeds", "middle", "name"))
    parts.append(_text(middle + 20, height - 16, "mean", "middle", "name"))
    return parts


def step_plot(curves: Mapping[str, Sequence[Sequence[Point]]], colors: Mapping[str, str], title: str) -> str:
    """Return each arm's mean over its seeds by step, thick, and each seed's own curve, thin.

    curves : by arm, for each seed its (step, value) points.
    """
    width, height, left, right, top, bottom = 620, 300, 56, 150, 34, 40
    points = [point for seeds in curves.values() for seed in seeds for point in seed]
    low, high = _axis(min(value for _, value in points), max(value for _, value in points))
    last = max(step for step, _ in points)
    first = min(step for step, _ in points)

    def place(point: Point) -> Point:
        across = (point[0] - first) / max(last - first, 1)
        return left + across * (width - left - right), top + (high - point[1]) / (high - low) * (height - top - bottom)

    parts = [_text(left, 16, title, "start", "head")]
    for tick in ticks(low, high):
        at = place((first, tick))[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(left - 8, at + 4, f"{tick:g}", "end"))
    for step in sorted({step for step, _ in points}):
        parts.append(_text(place((step, low))[0], height - 20, f"{step:g}", "middle"))
    for number, (arm, seeds) in enumerate(curves.items()):
        color = colors[arm]
        parts += [_line([place(point) for point in seed], "thin", color) for seed in seeds]
        steps = sorted({step for seed in seeds for step, _ in seed})
        means = [
            (step, float(np.mean([value for seed in seeds for at, value in seed if at == step]))) for step in steps
        ]
        parts.append(_line([place(point) for point in means], "thick", color))
        parts.append(f'<circle cx="{width - right + 14}" cy="{top + 8 + 18 * number}" r="5" fill="{color}"/>')
        parts.append(_text(width - right + 26, top + 12 + 18 * number, arm, "start"))
    parts.append(_text(left, height - 4, "training step", "start"))
    return _svg(width, height, parts, title)


def strip_plot(gaps: Sequence[float], effect: Effect | None) -> str:
    """Return the differences of one row of a table, about 0, on a scale of the row's own."""
    width, height = 150, 22
    ends = [value for value in (effect.low, effect.high) if value is not None] if effect else []
    reach = max([*(abs(gap) for gap in gaps), *(min(abs(end), 3 * max(map(abs, gaps))) for end in ends), 1e-9]) * 1.1

    def x(value: float) -> float:
        return width / 2 + max(-1.0, min(1.0, value / reach)) * (width / 2 - 5)

    parts = [f'<line class="zero" x1="{width / 2}" x2="{width / 2}" y1="1" y2="{height - 1}"/>']
    if len(ends) == 2:
        parts.append(_line([(x(ends[0]), height / 2), (x(ends[1]), height / 2)], "interval"))
    parts += [_dot(x(gap), height / 2, SEED, "", 3) for gap in gaps]
    return _svg(width, height, parts, "differences by seed")


def _svg(width: int, height: int, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(points: Sequence[Point], kind: str, color: str = "") -> str:
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    stroke = f' style="stroke:{color}"' if color else ""
    return f'<polyline class="{kind}" points="{listed}"{stroke}/>'


def _dot(x: float, y: float, color: str, words: str, radius: int = 5) -> str:
    title = f"<title>{escape(words)}</title>" if words else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{color}">{title}</circle>'
