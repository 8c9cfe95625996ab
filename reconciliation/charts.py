"""The charts of the report: matplotlib draws them, and they leave as inline SVG that takes its colours from the page.

A strict content-security policy allows no style attribute, so every style becomes an attribute or a class; colours are
classes, so that one drawing serves the light page, the dark page and print. The same figures give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from html import escape
from math import ceil
from typing import TYPE_CHECKING, Any

from reconciliation.trends import WEEKDAYS, Trends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours as matplotlib is told them, and the classes that stand for them in the page.
_INK, _MUTED, _GRID, _ONE, _TWO, _LIMIT, _PAPER = (f"#0a0b{value:02x}" for value in range(1, 8))
_CLASSES = {_INK: "ink", _MUTED: "muted", _GRID: "grid", _ONE: "one", _TWO: "two", _LIMIT: "limit", _PAPER: "paper"}
_KEPT = ("stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "text-anchor", "opacity")
_WIDTH, _DPI = 4.3, 72
_LABEL = 28
#: Points that a letter of a label is wide, in the widest of the page's fonts.
_LETTER = 5.2
#: Width of a column of delays, in hours; the limits are whole columns.
_COLUMN = 6.0

#: `text.parse_math` off: a dollar sign in a place is a dollar sign.
_SETTINGS: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "incident-bridge",
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.linewidth": 0.8,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "text.color": _INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def by_week(trends: Trends) -> str:
    """Restraints and disengagements, week by week, or month by month for a long period."""
    labels = [f"{week.start:%b}" if trends.by_month else f"{week.start.day} {week.start:%b}" for week in trends.weeks]
    restraints = [week.restraints for week in trends.weeks]
    disengagements = [week.disengagements for week in trends.weeks]

    def draw(axes: Axes) -> None:
        places = list(range(len(labels)))
        axes.bar(places, restraints, width=0.62, color=_ONE, label="Restraints")
        some = [place for place in places if disengagements[place]]
        axes.bar(
            some, [disengagements[place] for place in some], width=0.62, bottom=[restraints[place] for place in some],
            color=_PAPER, edgecolor=_TWO, linewidth=1.4, label="Disengagements",
        )  # fmt: skip
        step = max(1, -(-len(labels) // 8))
        axes.set_xticks(places[::step], labels[::step])
        _counts(axes, max((r + d for r, d in zip(restraints, disengagements, strict=True)), default=0))
        axes.set_xlabel("Month" if trends.by_month else "Week from Monday")
        axes.set_ylabel("Incidents")
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.2)

    unit = "month" if trends.by_month else "week"
    return _drawn(draw, 2.7, "week", f"Incidents by {unit}", f"Bars: restraints and disengagements in each {unit}.")


def by_hour(trends: Trends) -> str:
    """When incidents happen: a dot for each hour of each weekday, its area the count."""

    def draw(axes: Axes) -> None:
        spots = sorted(trends.hours.items())
        largest = max(trends.hours.values(), default=1)
        axes.scatter(
            [hour + 0.5 for (_, hour), _ in spots],
            [day for (day, _), _ in spots],
            s=[18 + 130 * count / largest for _, count in spots],
            color=_ONE,
            linewidths=0,
        )
        axes.set_xlim(0, 24)
        axes.set_ylim(6.6, -0.6)
        axes.set_xticks(range(0, 25, 3), [f"{hour:02}" for hour in range(0, 25, 3)])
        axes.set_yticks(range(7), WEEKDAYS)
        axes.set_xlabel("Hour of the day, UK time")
        axes.grid(visible=True, axis="both")
        axes.set_axisbelow(True)

    return _drawn(draw, 2.7, "hour", "Hour and weekday", "Dots by weekday and hour; a larger dot is more incidents.")


def by_place(trends: Trends) -> str:
    """Where incidents happen."""
    names = [_short(name) for name, _ in trends.places]
    counts = [count for _, count in trends.places]

    def draw(axes: Axes) -> None:
        bars = axes.barh(range(len(names)), counts, height=0.58, color=_ONE)
        axes.bar_label(bars, padding=4, color=_INK)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(0, max(counts, default=1) * 1.12)
        axes.set_xticks([])
        axes.set_xlabel("Incidents")
        axes.spines["bottom"].set_visible(False)

    return _drawn(draw, _tall(len(names)), "place", "Place", "Bars: incidents at each place.")


def by_technique(trends: Trends) -> str:
    """How long each technique lasted: the line from shortest to longest, the dot the middle one."""
    from matplotlib.ticker import MaxNLocator

    timed = [technique for technique in trends.techniques if technique.minutes]

    def draw(axes: Axes) -> None:
        rows = range(len(timed))
        axes.hlines(
            rows, [min(one.minutes) for one in timed], [max(one.minutes) for one in timed], color=_TWO, linewidth=3
        )
        axes.scatter([one.median_minutes or 0 for one in timed], rows, s=42, color=_ONE, zorder=3, linewidths=0)
        axes.set_yticks(rows, [_short(one.name) for one in timed])
        axes.set_ylim(len(timed) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("Minutes")

    return _drawn(draw, _tall(len(timed)), "technique", "Technique and duration", "Range and median of minutes.")


def by_delay(trends: Trends) -> str:
    """Hours until the child's views, the debrief and the manager's oversight; the upright bar is the limit."""
    most = max([*(delay.limit_hours for delay in trends.delays), 24.0]) * 1.25

    def draw(axes: Axes) -> None:
        for row, delay in enumerate(trends.delays):
            # A column ends with its last hour, as a limit does; what took longer than the scale is in its last one.
            counted = Counter(max(0, ceil(min(hours, most) / _COLUMN) - 1) * _COLUMN for hours in delay.hours)
            highest = max(counted.values(), default=1)
            for colour, late in ((_ONE, False), (_LIMIT, True)):
                starts = [start for start in counted if (start >= delay.limit_hours) is late]
                tops = [row + 0.35 - max(0.06, 0.75 * counted[start] / highest) for start in starts]
                axes.vlines([start + _COLUMN / 2 for start in starts], row + 0.35, tops, color=colour, linewidth=6.5)
            axes.vlines(delay.limit_hours, row - 0.48, row + 0.35, color=_LIMIT, linewidth=2)
        axes.set_yticks(range(len(trends.delays)), [delay.title for delay in trends.delays])
        axes.set_ylim(len(trends.delays) - 0.55, -0.6)
        axes.set_xlim(0, most)
        axes.set_xticks([hours for hours in (0, 24, 48, 72, 96, 120, 144) if hours <= most])
        axes.grid(visible=True, axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel("Hours")

    return _drawn(
        draw, 2.6, "delay", "Time until it was done", "Columns: how many took that many hours, with the limit."
    )


# ---- how ---------------------------------------------------------------------------------------------------------


def _counts(axes: Axes, highest: int) -> None:
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if highest <= step * 5), max(1, highest // 5))
    axes.set_yticks(range(0, highest + step, step))
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)


def _tall(rows: int) -> float:
    return max(1.5, 0.75 + 0.27 * rows)


def _short(name: str) -> str:
    return name if len(name) <= _LABEL else f"{name[: _LABEL - 1]}…"


def _drawn(draw: Callable[[Axes], None], height: float, name: str, title: str, description: str) -> str:
    """Draw one figure. matplotlib is imported here, so that nothing pays for it that draws no chart."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        canvas = FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        _make_room(axes, _WIDTH * _DPI, height * _DPI)
        written = io.StringIO()
        canvas.print_svg(  # type: ignore[no-untyped-call]
            written, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return page_svg(written.getvalue(), name, title, description)


def _make_room(axes: Axes, width: float, height: float) -> None:
    """Margins for the words around a chart, in points. The page's own font draws them, so an estimate is as good as
    matplotlib's measure of another font, and takes a third less time."""
    longest = max((len(label.get_text()) for label in axes.get_yticklabels()), default=0)
    left = 10 + _LETTER * longest + (15 if axes.get_ylabel() else 0)
    bottom = 32 if len(axes.get_xticks()) else 20
    top = 22 if axes.get_legend() else 8
    axes.set_position((left / width, bottom / height, 1 - (left + 10) / width, 1 - (bottom + top) / height))


def page_svg(svg: str, name: str, title: str, description: str) -> str:
    """Turn matplotlib's SVG into one that lives in the page: no style, no stray id, a title and a description."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'style="([^"]*)"', _attributes, body)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    body = re.sub(r'\sid="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    view = re.search(r'viewBox="([^"]+)"', body)
    start = body.index(">") + 1
    head = (
        f'<svg class="chart" viewBox="{view[1] if view else "0 0 460 250"}" role="img" '
        f'aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-words">{escape(description)}</desc>'
    )
    return head + re.sub(r">\s+<", "><", body[start:]).strip()


def _attributes(style: re.Match[str]) -> str:
    """A style as attributes; its colours as classes."""
    classes: list[str] = []
    kept: list[str] = []
    for item in style[1].split(";"):
        key, _, value = (part.strip() for part in item.partition(":"))
        if key in ("fill", "stroke"):
            if value in _CLASSES:
                classes.append(f"{key[0]}-{_CLASSES[value]}")
            else:
                kept.append(f'{key}="{value}"')
        elif key in ("font", "font-size"):
            kept.append(f'font-size="{value.split()[0]}"')
        elif key in _KEPT:
            kept.append(f'{key}="{value}"')
    if classes:
        kept.insert(0, f'class="{" ".join(classes)}"')
    return " ".join(kept)
