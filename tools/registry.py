"""Every tool by name, from which roles choose."""

from collections.abc import Iterable

from core.errors import ConfigError
from tools.changes import git_status, leave_unchanged, submit_changes
from tools.files import edit_file, read_file, write_file
from tools.notes import memory, todos
from tools.outline import repo_outline, verify_symbol_in_repo
from tools.search import glob, grep, list_dir
from tools.shell import shell
from tools.testing import run_tests
from tools.tool import Tool

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        *(read_file, write_file, edit_file, list_dir, glob, grep, shell, run_tests),
        *(git_status, submit_changes, leave_unchanged, verify_symbol_in_repo, repo_outline),
        *(memory, todos),
    )
}


def tools_named(names: Iterable[str]) -> tuple[Tool, ...]:
    """These tools in this order; none for an empty list. Raises ConfigError for unknown names."""
    wanted = list(names)
    if unknown := sorted(set(wanted) - TOOLS.keys()):
        raise ConfigError(
            f"There is no tool named {', '.join(unknown)}.",
            remedy=f"The tools are: {', '.join(TOOLS)}.",
        )
    return tuple(TOOLS[name] for name in wanted)
