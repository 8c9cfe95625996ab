"""A year of one home (1,500 incidents) as HTML, XLSX and CSV, and 10,000 findings beside a bare jinja2 render.

    python -m benchmarks.report [--rounds 5]

The invented year comes from the tests. The import of matplotlib is counted apart. Figures are medians, by the clock and
in seconds of processor time.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from jinja2 import Environment

from reconciliation.compare import compare
from reconciliation.csv_files import csv_reports
from reconciliation.html import html_report
from reconciliation.pdf import pdf_report
from reconciliation.report import Report, report_of
from reconciliation.xlsx import xlsx_report
from tests.reconciliation.world import busy_world

_BARE = """<table>{% for one in findings %}
<tr><td>{{ one.severity }}</td><td>{{ one.kind }}</td><td>{{ one.incident }}</td><td>{{ one.message }}</td>
<td>{{ one.action }}</td><td>{{ one.owner }}</td><td>{{ one.due }}</td><td>{{ one.id }}</td></tr>
{% endfor %}</table>"""


@dataclass(frozen=True)
class Took:
    """Medians: seconds by the clock, and seconds of this process's processor time, which others disturb less."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:6.2f} s {self.processor:10.2f} s"


def _timed(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Took]:
    """Each work once a round, one after the other."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            started, worked = time.perf_counter(), time.process_time()
            work()
            took[name].append((time.perf_counter() - started, time.process_time() - worked))
    return {name: Took(*map(statistics.median, zip(*rows, strict=True))) for name, rows in took.items()}


def _year() -> tuple[Callable[[], Report], Report]:
    evidence = busy_world(1500, days=365, first=date(2026, 1, 1)).evidence()

    def model() -> Report:
        return report_of(evidence, compare(evidence))

    return model, model()


def _many_findings(report: Report, count: int) -> Report:
    some = report.findings
    many = tuple(replace(some[place % len(some)], id=f"{place:016x}") for place in range(count))
    return replace(report, findings=many, stories=())


def main() -> None:
    """Print each part, their sum, and the ratio to the bare render."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--rounds", type=int, default=5)
    rounds = asked.parse_args().rounds
    started, worked = time.perf_counter(), time.process_time()
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    imported = Took(time.perf_counter() - started, time.process_time() - worked)
    model, report = _year()
    many = _many_findings(report, 10_000)
    bare = Environment(autoescape=True).from_string(_BARE)
    # What was invented for the measurement is nobody's cost: the collector is not to walk it in every part.
    gc.collect()
    gc.freeze()
    took = _timed(
        {
            "compare and model": model,
            "HTML": lambda: html_report(report),
            "XLSX": lambda: xlsx_report(report),
            "CSV": lambda: csv_reports(report),
            "PDF": lambda: pdf_report(report),
            "bare": lambda: bare.render(findings=many.findings),
            "many": lambda: html_report(many),
        },
        rounds,
    )
    files = [took["HTML"], took["XLSX"], took["CSV"]]
    together = Took(sum(one.clock for one in files), sum(one.processor for one in files))
    print(f"{rounds} rounds{'':27} clock    processor")
    print(f"import of matplotlib, once a process {imported}")
    for name in ("compare and model", "HTML", "XLSX", "CSV", "PDF"):
        print(f"1,500 incidents: {name:19} {took[name]}")
    print(f"HTML, XLSX and CSV together          {together}   (bar 3 s, goal 1.5 s)")
    print(f"compare and model, an incident       {took['compare and model'].processor / 1.5:6.2f} ms of processor")
    print(f"10,000 findings: HTML                {took['many']}")
    print(f"10,000 findings: a bare render       {took['bare']}")
    clock, processor = took["many"].clock / took["bare"].clock, took["many"].processor / took["bare"].processor
    print(f"ours to the bare render              {clock:6.2f} {processor:12.2f}     (bar 5, goal 2)")


if __name__ == "__main__":
    main()
