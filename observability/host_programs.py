"""What a program of this machine that Anton starts is told of his environment: no secret of his.

Whoever starts one gives it one of these; nothing is inherited. Programs that bring packages keep
what says where those come from and how that is reached, credentials for an index among it, since
they could not do their work without.
"""

import os
import re

STARTING = re.compile(
    r"PATH|HOME|TMPDIR|LANG|LC_ALL|LC_CTYPE|XDG_(CACHE|CONFIG|DATA)_(HOME|DIRS)"
    r"|(PYENV|NODENV|COREPACK|VOLTA|ASDF|ASDF_DATA|MISE_DATA)_(ROOT|HOME|DIR)"
)
"""To be found, also behind a manager of versions, and to find settings and write text."""
REACHING = re.compile(
    r"(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|SSL_CLIENT_CERT|(REQUESTS|CURL)_CA_BUNDLE|NETRC",
    re.IGNORECASE,
)
"""Proxies, certificates, and where passwords for servers are kept."""
OF_PYTHON = re.compile(r"PIP_\w+|UV_(?!PUBLISH_)\w+")
OF_NODE = re.compile(
    r"(npm|pnpm)_config_.+|yarn_\w+|NPM_TOKEN|NODE_AUTH_TOKEN"
    r"|NODE_(EXTRA_CA_CERTS|USE_SYSTEM_CA|USE_ENV_PROXY|TLS_REJECT_UNAUTHORIZED)",
    re.IGNORECASE,
)
"""The two tokens are those that an `.npmrc` of the operator usually names."""


def plain() -> dict[str, str]:
    """For a program that reaches nothing outside of this machine."""
    return _named(STARTING)


def reaching() -> dict[str, str]:
    """For a program that speaks to servers."""
    return _named(STARTING, REACHING)


def of_python() -> dict[str, str]:
    """For uv and pip."""
    return _named(STARTING, REACHING, OF_PYTHON)


def of_node() -> dict[str, str]:
    """For npm, pnpm and yarn."""
    return _named(STARTING, REACHING, OF_NODE)


def _named(*patterns: re.Pattern[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if any(pattern.fullmatch(name) for pattern in patterns)
    }
