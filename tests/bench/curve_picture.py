"""A curve as SVG: both axes logarithmic, with a line of slope one to compare with."""

from math import log10

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 400, 70, 50, 40, 60


def picture(title: str, unit: str, points: list[tuple[int, float, float]]) -> str:
    """Return the picture of (size, milliseconds, MiB) points."""
    sizes = [log10(size) for size, _, _ in points]
    values = [log10(max(value, 1e-4)) for _, *both in points for value in both]
    least_x, most_x = min(sizes), max(max(sizes), min(sizes) + 1e-9)
    least_y, most_y = min(values) - 0.1, max(values) + 0.1

    def x(size: float) -> float:
        return _LEFT + (size - least_x) / (most_x - least_x) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = (value - least_y) / (most_y - least_y)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def line(column: int, colour: str, name: str) -> str:
        places = [(x(log10(one[0])), y(log10(max(one[column], 1e-4)))) for one in points]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        dots = "".join(
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>'
            for across, down in places
        )
        across, down = places[-1]
        label = f'<text x="{across + 6:.1f}" y="{down + 4:.1f}" fill="{colour}">{name}</text>'
        return f'<polyline points="{path}" fill="none" stroke="{colour}"/>{dots}{label}'

    marks = "".join(
        f'<text x="{x(log10(size)):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
        f"{size:,}</text>"
        for size, _, _ in points
    )
    scale = "".join(
        f'<text x="{_LEFT - 8}" y="{y(power) + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(power):.1f}" y2="{y(power):.1f}" '
        'stroke="#ddd"/>'
        for power in range(int(least_y) - 1, int(most_y) + 2)
        if least_y <= power <= most_y
    )
    rise = log10(max(points[-1][1], 1e-4)) - (most_x - least_x)
    linear = (
        f'<line x1="{x(least_x):.1f}" y1="{min(y(rise), _HEIGHT - _BOTTOM):.1f}" '
        f'x2="{x(most_x):.1f}" y2="{y(log10(max(points[-1][1], 1e-4))):.1f}" '
        'stroke="#999" stroke-dasharray="4 4"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n'
        f'<text x="{_LEFT}" y="22" font-size="14">{title}</text>\n{scale}\n{marks}\n'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{unit}; dashed: linear'
        "</text>\n"
        f"{linear}\n{line(1, '#1f5fbf', 'ms')}\n{line(2, '#b5541c', 'MiB')}\n</svg>\n"
    )
