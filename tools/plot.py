# SPDX-License-Identifier: MIT
"""A small SVG writer for line plots, for tools/bench.py.

A plot has panels in two columns; a panel has curves over a common x axis, linear or logarithmic; y starts at 0.
A panel's limit is drawn as a dashed line.
"""
import math
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TITLE, LINE = 480, 340, 64, 16, 44, 20, 15
COLOURS = ("#1f5fa8", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c")


@dataclass
class Panel:
    title: str
    x_label: str
    y_label: str
    curves: dict = field(default_factory=dict)  # name -> [(x, y), ...]
    log_x: bool = False
    limit: float = 0  # a bar to draw as a dashed line, 0 = none


def _step(span, count=5):
    """A round distance (1, 2 or 5 times a power of ten) that divides the span into about `count` parts."""
    raw, power = span / count, 1.0
    while power * 10 <= raw:
        power *= 10
    while power > raw:
        power /= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


def _number(value):
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _top(panel):
    """Where the plot begins, below the title and a line for each curve's name."""
    return TITLE + 8 + LINE * len(panel.curves) + 6


def _scale(panel):
    """Functions from data to coordinates within the panel, and the marks of both axes."""
    points = [point for curve in panel.curves.values() for point in curve]
    top = max([y for _, y in points] + [panel.limit, 1]) * 1.08
    step = _step(top)
    y_marks = [step * i for i in range(int(top / step) + 1)]
    xs = sorted({x for x, _ in points})
    if panel.log_x:
        low, high = math.log10(max(xs[0], 1)), math.log10(max(xs[-1], 10))
        place = lambda x: (math.log10(max(x, 1)) - low) / (high - low or 1)  # noqa: E731
        x_marks = [10 ** i for i in range(int(low), int(high) + 1)]
    else:
        high = max(xs[-1], 1)
        place = lambda x: x / high  # noqa: E731
        x_step = _step(high)
        x_marks = [x_step * i for i in range(int(high / x_step) + 1)]
    to_x = lambda x: LEFT + place(x) * (WIDTH - LEFT - RIGHT)  # noqa: E731
    to_y = lambda y: HEIGHT - BOTTOM - y / top * (HEIGHT - _top(panel) - BOTTOM)  # noqa: E731
    return to_x, to_y, x_marks, y_marks


def _text(x, y, text, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'


def _panel(panel):
    to_x, to_y, x_marks, y_marks = _scale(panel)
    right, bottom, top = WIDTH - RIGHT, HEIGHT - BOTTOM, _top(panel)
    out = [_text((LEFT + right) / 2, TITLE, panel.title, extra=' font-weight="bold"')]
    for y in y_marks:
        out.append(f'<line x1="{LEFT}" x2="{right}" y1="{to_y(y):.1f}" y2="{to_y(y):.1f}" stroke="#ddd"/>')
        out.append(_text(LEFT - 6, to_y(y) + 4, _number(y), "end"))
    for x in x_marks:
        out.append(f'<line x1="{to_x(x):.1f}" x2="{to_x(x):.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="#333"/>')
        out.append(_text(to_x(x), bottom + 17, _number(x)))
    out.append(f'<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="#333"/>')
    out.append(_text((LEFT + right) / 2, HEIGHT - 8, panel.x_label))
    middle = (top + bottom) / 2
    out.append(_text(14, middle, panel.y_label, extra=f' transform="rotate(-90 14 {middle:.0f})"'))
    if panel.limit:
        y = to_y(panel.limit)
        out.append(f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#888" stroke-dasharray="5 4"/>')
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = sorted(curve)
        line = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        out += [f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="2.4" fill="{colour}"/>' for x, y in points]
        y = TITLE + 8 + LINE * number + LINE / 2
        out.append(f'<line x1="{LEFT}" x2="{LEFT + 20}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        out.append(_text(LEFT + 26, y + 4, name, "start", f' fill="{colour}"'))
    return out


def svg(title, panels):
    """The text of an SVG file with these panels."""
    rows = (len(panels) + 1) // 2
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT}" '
           'font-family="sans-serif" font-size="11">', f"<title>{escape(title)}</title>",
           '<rect width="100%" height="100%" fill="white"/>']
    for number, panel in enumerate(panels):
        out.append(f'<g transform="translate({number % 2 * WIDTH} {number // 2 * HEIGHT})">')
        out += _panel(panel)
        out.append("</g>")
    return "\n".join(out + ["</svg>", ""])
