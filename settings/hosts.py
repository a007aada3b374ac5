"""Where repositories lie, and how a fix is handed over."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from settings.addresses import SecureAddress
from settings.kinds import Group, Key, Names


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"/.+|https?://[^@]+|[A-Za-z0-9][\w.-]*/[\w.-]+", name):
            raise ValueError("should hold absolute paths, addresses and `owner/repo` names")
    return names


def _own_folder(prefix: str) -> str:
    if not re.fullmatch(r"([a-z0-9_][a-z0-9_-]*/)+", prefix) or prefix.startswith("refs/"):
        raise ValueError("should be lower-case and end with a slash, as `anton/`")
    return prefix


class CodeHosts(Group):
    """Code hosts: which repositories may be worked on, and how a fix is handed over."""

    repositories: Annotated[Names, AfterValidator(_named)] = ()
    """What REST may name, comma-separated paths and `owner/repo`; empty: any path, on loopback."""
    repo_cwd: Path | None = None
    """Local repository to work on when none is named."""
    github_repo: str = Field(default="", pattern=r"^$|^[A-Za-z0-9][\w.-]*/[\w.-]+$")
    """GitHub repository to work on when none is named, as `owner/repo`."""
    github_token: Key = SecretStr("")
    """Token to write contents and pull requests, and read actions; without one fixes stay local."""
    github_api_url: SecureAddress = "https://api.github.com"
    """Address of the GitHub API; another one for GitHub Enterprise."""
    github_write_interval_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds between two writes to GitHub, which asks for one; Enterprise may need none."""
    branch_prefix: Annotated[str, AfterValidator(_own_folder)] = "anton/"
    """Beginning of every branch that Anton makes; he writes to no other."""
    commit_style: Literal["split", "single", "per_file"] = "split"
    """Tests and fix in two commits, all in one, or one for each file."""
    pr_draft: bool = False
    """Whether pull requests are opened as drafts."""
