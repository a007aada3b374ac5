"""Figures that end-to-end tests record are shown in pytest's summary."""

import pytest

FIGURE = "figure"
"""Name of the property whose values are shown, one a line."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        if isinstance(report, pytest.TestReport)
    ]
    figures = [value for r in reports for name, value in r.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(str(figure))
