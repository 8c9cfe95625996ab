"""A year of one home (1,500 incidents) as HTML, XLSX and CSV, and 10,000 findings beside a bare jinja2 render.

    python -m benchmarks.report [--rounds 5]

The invented year comes from the tests. The import of matplotlib is counted apart. Figures are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
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


def _timed(work: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


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
    started = time.perf_counter()
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    print(f"import of matplotlib            {time.perf_counter() - started:6.2f} s, once a process")
    model, report = _year()
    parts = {
        "compare and model": _timed(model, rounds),
        "HTML": _timed(lambda: html_report(report), rounds),
        "XLSX": _timed(lambda: xlsx_report(report), rounds),
        "CSV": _timed(lambda: csv_reports(report), rounds),
    }
    for name, took in parts.items():
        print(f"1,500 incidents: {name:18} {took:5.2f} s")
    files = parts["HTML"] + parts["XLSX"] + parts["CSV"]
    print(f"HTML, XLSX and CSV together      {files:6.2f} s   (bar 3 s, goal 1.5 s)")
    print(f"PDF                              {_timed(lambda: pdf_report(report), 1):6.2f} s")
    many = _many_findings(report, 10_000)
    bare = Environment(autoescape=True).from_string(_BARE)
    plain, ours = [], []
    for _ in range(rounds):
        plain.append(_timed(lambda: bare.render(findings=many.findings), 1))
        ours.append(_timed(lambda: html_report(many), 1))
    ratio = statistics.median(ours) / statistics.median(plain)
    print(
        f"10,000 findings: {statistics.median(ours):.2f} s, a bare render {statistics.median(plain):.2f} s: "
        f"{ratio:.1f} times (bar 5, goal 2)"
    )


if __name__ == "__main__":
    main()
