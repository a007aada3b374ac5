"""Why a build failed, in words, with what to install where that is known."""

import re

from core.evidence import RunEnd
from core.ports import Run
from sandbox.output import harmless

PACKAGES = {
    r"Python\.h": "python3-dev",
    r"(lber|ldap)\.h": "libldap-dev",
    r"sasl/sasl\.h": "libsasl2-dev",
    r"portaudio\.h": "portaudio19-dev",
    r"ffi\.h": "libffi-dev",
    r"libpq-fe\.h|pg_config": "libpq-dev",
    r"mysql\.h|mysql_config|mariadb_config|libmysqlclient": "libmariadb-dev",
    r"openssl/\w+\.h": "libssl-dev",
    r"zlib\.h": "zlib1g-dev",
    r"jpeglib\.h": "libjpeg-dev",
    r"libxml/\w+\.h|xslt-config|xml2-config": "libxml2-dev and libxslt1-dev",
    r"sqlext?\.h": "unixodbc-dev",
    r"graphviz/\w+\.h|cgraph\.h": "libgraphviz-dev",
    r"curl/curl\.h|curl-config": "libcurl4-openssl-dev",
    r"yaml\.h": "libyaml-dev",
}
"""What a build misses, and the package of Debian that has it."""
COMPILERS = re.compile(
    r"(?:command|program)? ?['\"]?(gcc|cc|g\+\+|c\+\+|cargo|rustc|cmake|make)"
    r"['\"]?(?: failed)?: (?:No such file|not found)|"
    r"Unknown compiler|can't find Rust compiler",
    re.IGNORECASE,
)
LINES = 3


def trouble(run: Run) -> str:
    """The cause and the remedy of a build that failed, in a sentence or two."""
    if run.end is not RunEnd.FAILED:
        return f"its build ended at a limit: {run.end}"
    said = harmless((run.stdout + b"\n" + run.stderr).decode("utf-8", "replace"))
    missing = re.search(r"fatal error: (\S+): No such file|(\S+) (?:executable )?not found", said)
    if missing:
        name = missing[1] or missing[2]
        package = next((p for pattern, p in PACKAGES.items() if re.search(pattern, name)), "")
        remedy = f"; install {package} (Debian)" if package else ""
        return f"its build misses {name}{remedy}"
    if found := COMPILERS.search(said):
        tool = found[1] or "a compiler"
        return f"its build needs {tool}, which is not on this machine"
    lines = [line.strip() for line in said.splitlines() if re.search("error", line, re.I)]
    return f"its build failed: {' / '.join(lines[-LINES:])[:300] or 'it says nothing'}"
