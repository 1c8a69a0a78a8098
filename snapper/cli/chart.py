"""A chart as SVG: how long restores took, by the time of each."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from snapper.cli.html import Html, element, joined

_WIDTH, _HEIGHT = 920, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 36
_COLOURS = ("#0b6e99", "#c2571a", "#4c7a34", "#8a3ffc", "#a2191f", "#5b5b5b", "#b28600", "#00766c")
_MARKS = 5
_SHORTEST = 1e-300
"""Seconds that can be drawn: of a smaller number, which nobody measures, there is no power."""

Points = Sequence[tuple[datetime, float]]


def chart(series: Mapping[str, Points], since: datetime, until: datetime) -> Html:
    """Draw seconds over time, a line for each name; a legend says whose it is."""
    most = _round_up(max((value for points in series.values() for _, value in points), default=1))
    span = max((until - since).total_seconds(), 1)

    def x(at: datetime) -> float:
        share = min(max((at - since).total_seconds() / span, 0), 1)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)

    marks = []
    for step in range(_MARKS):
        value = most * step / (_MARKS - 1)
        at = since + timedelta(seconds=span * step / (_MARKS - 1))
        marks += [
            _line(_LEFT, y(value), _WIDTH - _RIGHT, y(value)),
            _text(_LEFT - 8, y(value) + 4, f"{value:g} s", "end"),
            _text(x(at), _HEIGHT - 12, f"{at.astimezone(UTC):%Y-%m-%d}", _anchor(step)),
        ]
    drawn = [
        _series([(x(at), y(value)) for at, value in points], _COLOURS[number % len(_COLOURS)])
        for number, points in enumerate(series.values())
    ]
    picture = element(
        "svg",
        *marks,
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label="Seconds that each restore took",
    )
    return joined(picture, _legend(tuple(series)))


def _series(points: Sequence[tuple[float, float]], colour: str) -> Html:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = element("polyline", points=path, fill="none", stroke=colour, stroke_width="1.5")
    dots = (
        element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3.2", fill=colour) for x, y in points
    )
    return element("g", line, *dots)


def _legend(names: Sequence[str]) -> Html:
    items = (
        element(
            "span",
            element("i", style=f"background:{_COLOURS[number % len(_COLOURS)]}"),
            name,
        )
        for number, name in enumerate(names)
    )
    return element("p", *items, class_="legend")


def _line(x1: float, y1: float, x2: float, y2: float) -> Html:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    places = {name: f"{value:.1f}" for name, value in ends.items()}
    return element("line", **places, stroke="#d8d8d8")


def _text(x: float, y: float, words: str, anchor: str) -> Html:
    look = {"font_size": "11", "fill": "#5f5f5f", "text_anchor": anchor}
    return element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", **look)


def _anchor(step: int) -> str:
    return "start" if step == 0 else "end" if step == _MARKS - 1 else "middle"


def _round_up(value: float) -> float:
    """Give a number of one digit that is no smaller, for the top of the scale.

    >>> _round_up(0.031), _round_up(7.2), _round_up(41.0)
    (0.04, 8.0, 80.0)
    """
    if value < _SHORTEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 8, 10) if value <= step * power)
