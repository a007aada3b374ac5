"""Which tests that fail already may show a fault, and which fail for want of something here."""

import re

from agents.offline.attempts import lacks_package
from core.evidence import TestCase, TestRun
from core.trees import Tree
from sandbox.network_signs import SERVICES, is_out_of_reach

OVERDUE = "ran longer than "
"""In the message of a test that was ended since it took too long."""
_OF_WAITING = re.compile(
    r"\b(hang|hung|freez|froze|stuck|block|loop|endless|infinite|forever|never (ends|returns)"
    r"|time[sd]?[ -]?out|deadlock|slow|takes (too )?long)",
    re.IGNORECASE,
)
"""In a report: that a test which does not end may be the very fault."""


def is_unfit(case: TestCase, report: str, tree: Tree) -> bool:
    """Whether a test can pass here with no change: it lacks a package, or what no sandbox has.

    Where the report itself tells of a network that is not there, that may be the very fault.
    """
    seeks = is_out_of_reach(case.message) and not is_out_of_reach(report)
    return bool(seeks or lacks_package(case, tree))


def fit(run: TestRun, report: str, tree: Tree) -> tuple[str, ...]:
    """Failing tests that some change may let pass here; all where there is none such."""
    unfit = {case.test_id for case in run.cases if is_unfit(case, report, tree)}
    return tuple(test for test in run.failed if test not in unfit) or run.failed


def telling(run: TestRun, report: str, tree: Tree) -> tuple[str, ...]:
    """Failing tests, less those that the sandbox explains, unless it explains them all.

    A test that looks for the network, lacks a package or does not end is red whatever the code
    does, and no change of it would ever be shown to be right.
    """
    waits = bool(_OF_WAITING.search(report))
    explained = {
        case.test_id
        for case in run.cases
        if is_unfit(case, report, tree)
        or SERVICES.search(case.message)
        or (OVERDUE in case.message and not waits)
    }
    return tuple(test for test in run.failed if test not in explained) or run.failed
