"""Several lines over sizes as SVG: the sizes logarithmic, milliseconds linear from zero or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 760, 420, 60, 50, 40, 220
_COLOURS = (
    "#1f5fbf", "#b5541c", "#2d7d46", "#7a3fa0", "#a8324a", "#5b6b00", "#007a87", "#6b4a2b",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A named line of (size, milliseconds); dots alone for what belongs to no line."""

    name: str
    points: Sequence[tuple[int, float]]
    is_dots: bool = False


def picture(title: str, lines: Sequence[Line], *, is_logarithmic: bool = False) -> str:
    """Return the picture of lines; `is_logarithmic` is about the milliseconds."""
    sizes = sorted({size for line in lines for size, _ in line.points})
    values = [value for line in lines for _, value in line.points]
    most, least = max(values) * 1.1, min(values) / 1.1
    least_x, most_x = log10(sizes[0]), max(log10(sizes[-1]), log10(sizes[0]) + 1e-9)

    def x(size: int) -> float:
        return _LEFT + (log10(size) - least_x) / (most_x - least_x) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = log10(value / least) / log10(most / least) if is_logarithmic else value / most
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    marks = "".join(
        f'<text x="{x(size):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{size:,}</text>'
        for size in sizes
    )
    scale = "".join(
        f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.0f} ms</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        ' stroke="#ddd"/>'
        for value in (_steps(least, most) if is_logarithmic else [most * n / 5 for n in range(6)])
    )
    # Names stand apart from each other, in the order in which the lines end.
    ends = sorted(range(len(lines)), key=lambda index: lines[index].points[-1][1])
    names = {index: _HEIGHT - _BOTTOM - 4 - 22 * place for place, index in enumerate(ends)}
    drawn = "".join(_drawn(line, _COLOURS[i % len(_COLOURS)], x, y, (x(sizes[-1]), names[i]))
                    for i, line in enumerate(lines))  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="12">\n'
        f'<title>{title}</title>\n<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n'
        f'<text x="{_LEFT}" y="22" font-size="14">{title}</text>\n{scale}\n{marks}\n{drawn}\n'
        "</svg>\n"
    )


def _steps(least: float, most: float) -> list[float]:
    """Return 10, 30, 100 and so on between two values."""
    steps = [first * 10.0**power for power in range(-3, 7) for first in (1, 3)]
    return [step for step in steps if least <= step <= most]


def _drawn(line: Line, colour: str, x: object, y: object, name_at: tuple[float, float]) -> str:
    assert callable(x)
    assert callable(y)
    places = [(x(size), y(value)) for size, value in line.points]
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    dots = "".join(
        f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>'
        for across, down in places
    )
    across, down = places[-1]
    right, low = name_at
    name = f'<text x="{right + 20:.1f}" y="{low:.1f}" fill="{colour}">{line.name}</text>'
    if line.is_dots:
        return dots + name
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}"/>{dots}'
        f'<line x1="{across + 4:.1f}" y1="{down:.1f}" x2="{right + 16:.1f}"'
        f' y2="{low - 4:.1f}" stroke="{colour}" stroke-width="0.5"/>{name}'
    )
