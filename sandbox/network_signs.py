"""Whether failing tests look for the network, which a sandbox does not have."""

import re
from collections.abc import Sequence

from core.evidence import TestCase

SIGNS = re.compile(
    r"Temporary failure in name resolution|Name or service not known|getaddrinfo|gaierror"
    r"|Network is unreachable|No route to host|Could not resolve host|EAI_AGAIN|ENOTFOUND"
    r"|Failed to resolve|contact(ing)? DNS servers|NameResolutionError"
)
NAMED = 3


def of_network(cases: Sequence[TestCase]) -> tuple[str, ...]:
    """A note that names such tests; nothing where there are none."""
    found = [case.test_id for case in cases if case.outcome.red and SIGNS.search(case.message)]
    if not found:
        return ()
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    verb = "look" if len(found) > 1 else "looks"
    names = ", ".join(found[:NAMED])
    return (f"{names}{more} {verb} for the network, which the sandbox does not have",)
