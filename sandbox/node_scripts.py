"""Runs the script `test` of a package.json, of which nothing but the exit code is known."""

import shlex
from dataclasses import replace

from core.ports import Environment, Sandbox
from sandbox import command_runner
from sandbox.node_project import PLACEHOLDER, project_of, scripts_of
from sandbox.surveys import Asked, Survey, nothing_run


async def run(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run all tests by the script, or files that are named by Node.js itself."""
    command = command_of(asked)
    if not command:
        why = "package.json has no script `test`"
        return nothing_run(asked, environment, sandbox, why)
    return await command_runner.run(asked, replace(environment, test_command=command), sandbox)


def command_of(asked: Asked) -> str:
    """What is run, as a shell command; empty where nothing says how."""
    project = project_of(asked.tree)
    scripts = scripts_of(project.package) if project else {}
    if project is None or PLACEHOLDER in scripts.get("test", PLACEHOLDER):
        return ""
    return f"cd {shlex.quote(project.folder)} && npm test" if project.folder else "npm test"
