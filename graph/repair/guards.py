"""How large and how dangerous a change is, and which paths need a second look."""

import re
from dataclasses import dataclass

from core.approvals import Risk
from core.patches import Patch, file_sizes
from repair.gate import is_test_path

LOCK_FILES = (
    r"(^|/)((poetry|pdm|uv|Pipfile|yarn|bun|Cargo|Gemfile|composer)\.lock"
    r"|(package-lock|npm-shrinkwrap)\.json|pnpm-lock\.yaml|go\.sum)$"
)
CI_FILES = (
    r"^(\.github/|\.gitlab-ci\.yml|\.circleci/|\.ci/|azure-pipelines\.yml|Jenkinsfile"
    r"|bitbucket-pipelines\.yml|\.travis\.yml)"
)
DEPENDENCIES = (
    r"(^|/)(requirements[^/]*\.(txt|in)|constraints[^/]*\.txt|setup\.(py|cfg)|pyproject\.toml"
    r"|Pipfile|package\.json|\.npmrc|pip\.conf)$"
)
"""What is fetched and run before any test: an index or a build hook is one line in these."""


@dataclass(frozen=True)
class Profile:
    """How much one change may touch before it goes back."""

    files: int
    added: int
    deleted: int
    protected: tuple[str, ...]


PROFILES = {
    "default": Profile(
        files=5,
        added=500,
        deleted=500,
        protected=(
            r"(^|/)migrations?/",
            r"(^|/)auth(?!ors?[./])[^/]*(/|\.)",
            r"(^|/)security[^/]*(/|\.)",
            r"(^|/)\.env",
            r"(^|/)secrets?[^/]*(/|\.|$)",
            r"(^|/)keys?(/|\.)",
            r"\.(pem|key|p12|pfx|tf|tfvars)$",
            r"(^|/)Dockerfile",
            r"(^|/)(docker-)?compose[^/]*\.ya?ml$",
            LOCK_FILES,
            CI_FILES,
            r"(^|/)CODEOWNERS$",
            r"(^|/)(\.githooks|\.husky|hooks)/",
            r"(^|/)\.pre-commit-config\.yaml$",
            r"(^|/)\.gitmodules$",
            r"(^|/)(AGENTS|CLAUDE|GEMINI)\.md$",
            r"(^|/)(\.cursorrules$|\.windsurfrules$|\.(cursor|claude|windsurf)/)",
            DEPENDENCIES,
        ),
    ),
    "library": Profile(files=5, added=500, deleted=500, protected=(LOCK_FILES, CI_FILES)),
}
STRICTEST = "default"

WITHOUT_LINES = ("Binary files ", "old mode ", "new file mode 120000")
"""Beginnings of headers in a canonical diff; every line within a hunk begins otherwise."""
LOW_MAX_LINES = 10
MEDIUM_MAX_FILES = 5
MEDIUM_MAX_LINES = 200


def profile_named(name: str) -> Profile:
    """The profile of that name; an unknown one is the strictest."""
    return PROFILES.get(name, PROFILES[STRICTEST])


def size_problems(patch: Patch, profile: Profile) -> tuple[str, ...]:
    """What about the patch is larger than the profile allows, in words."""
    added, deleted = patch.size
    measured = (
        (len(patch.paths), profile.files, "files"),
        (added, profile.added, "added lines"),
        (deleted, profile.deleted, "deleted lines"),
    )
    return tuple(f"{n} {what}, {most} are allowed" for n, most, what in measured if n > most)


def protected_paths(patch: Patch, profile: Profile) -> tuple[str, ...]:
    """Changed paths that need a consent which names them."""
    return tuple(
        path
        for path in patch.paths
        if any(re.search(pattern, path, re.IGNORECASE) for pattern in profile.protected)
    )


def raised(computed: Risk, by_reviewer: Risk | None) -> Risk:
    """How dangerous a change is held to be: a reviewer may only raise what code computes."""
    return max(computed, by_reviewer or computed, key=lambda risk: risk.rank)


def risk_of(patch: Patch, *, protected: bool, proven: bool, multi_service: bool) -> Risk:
    """How dangerous the change is, from recorded facts.

    What no number of lines tells of is high.
    """
    if protected:
        return Risk.CRITICAL
    if multi_service or not proven or _unmeasured(patch):
        return Risk.HIGH
    sources = [path for path in patch.paths if not is_test_path(path)]
    added, deleted = patch.size
    lines = added + deleted
    if len(patch.paths) > MEDIUM_MAX_FILES or lines > MEDIUM_MAX_LINES:
        return Risk.HIGH
    if len(sources) <= 1 and _source_lines(patch) <= LOW_MAX_LINES:
        return Risk.LOW
    return Risk.MEDIUM


def _unmeasured(patch: Patch) -> bool:
    """Whether something changes that has no lines: bytes, permissions, where a link leads."""
    return any(line.startswith(WITHOUT_LINES) for line in patch.diff.split("\n"))


def _source_lines(patch: Patch) -> int:
    """Changed lines outside of tests."""
    sizes = file_sizes(patch.diff).items()
    return sum(added + deleted for path, (added, deleted) in sizes if not is_test_path(path))
