"""Bars as plain SVG: how long each way takes."""

from collections.abc import Iterator, Mapping
from html import escape

_WIDTH, _LEFT, _ROW, _BAR = 820, 330, 26, 18
_OURS, _OTHERS = "#2563eb", "#9ca3af"
_FONT = 'font-family="sans-serif" font-size="13"'


def chart(groups: Mapping[str, Mapping[str, float]], emphasis: tuple[str, ...]) -> str:
    """Draw the seconds of each way, by groups; ways that begin with the emphasis stand out.

    Each group has a scale of its own.

    >>> chart({"1 GB": {"a": 1.0}}, ("a",)).count("<rect")
    2
    """
    lines = list(_lines(groups, emphasis))
    height = _ROW * (sum(len(ways) + 2 for ways in groups.values())) + _ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}">',
            f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
            *lines,
            "</svg>\n",
        ]
    )


def _lines(groups: Mapping[str, Mapping[str, float]], emphasis: tuple[str, ...]) -> Iterator[str]:
    y = _ROW
    for title, ways in groups.items():
        yield f'<text x="10" y="{y}" {_FONT} font-weight="bold">{escape(title)}</text>'
        longest = max(ways.values())
        for name, seconds in ways.items():
            y += _ROW
            length = max(seconds / longest * (_WIDTH - _LEFT - 80), 1)
            colour = _OURS if name.startswith(emphasis) else _OTHERS
            yield f'<text x="{_LEFT - 8}" y="{y}" {_FONT} text-anchor="end">{escape(name)}</text>'
            yield (
                f'<rect x="{_LEFT}" y="{y - _BAR + 4}" width="{length:.1f}" height="{_BAR}"'
                f' fill="{colour}"/>'
            )
            yield f'<text x="{_LEFT + length + 6:.1f}" y="{y}" {_FONT}>{seconds:.1f} s</text>'
        y += 2 * _ROW
