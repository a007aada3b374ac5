"""Whether failing tests look for what a sandbox lacks: the network, data of git, a service."""

import re
from collections.abc import Iterator, Sequence

from core.evidence import TestCase

SIGNS = re.compile(
    r"Temporary failure in name resolution|Name or service not known|getaddrinfo|gaierror"
    r"|Network is unreachable|No route to host|Could not resolve host|EAI_AGAIN|ENOTFOUND"
    r"|Failed to resolve|contact(ing)? DNS servers|NameResolutionError"
)
GIT = re.compile(
    r"fatal: not a git repository|InvalidGitRepositoryError"
    r"|Command '\['git', .* returned non-zero exit status 128"
)
SERVICES = re.compile(
    r"Connection refused|ECONNREFUSED|[Cc]ould not connect to server|Can't connect to (MySQL|local)"
    r"|ServerSelectionTimeoutError|NoBrokersAvailable"
)
"""What may be a fault of the code too, which does not start what it then asks."""
NAMED = 3
_MEANING = (
    (SIGNS, "for the network, which the sandbox does not have"),
    (GIT, "for git's data of the repository, which never enters a sandbox"),
    (SERVICES, "for a service, such as a database, and none runs in the sandbox"),
)


def is_out_of_reach(text: str) -> bool:
    """Whether a message tells of a want that no change of the code would mend."""
    return bool(SIGNS.search(text) or GIT.search(text))


def of_network(cases: Sequence[TestCase]) -> tuple[str, ...]:
    """Notes that name such tests; nothing where there are none."""
    return tuple(_notes(cases))


def _notes(cases: Sequence[TestCase]) -> Iterator[str]:
    for signs, meaning in _MEANING:
        found = [case.test_id for case in cases if case.outcome.red and signs.search(case.message)]
        if found:
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            verb = "look" if len(found) > 1 else "looks"
            yield f"{', '.join(found[:NAMED])}{more} {verb} {meaning}"
