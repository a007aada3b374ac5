"""Whether a repository is, in part, compiled modules, and what makes them beside their sources."""

import re

from core.trees import Tree
from sandbox.project import Project

EXTENSIONS = re.compile(rb"\bext_modules\b|\bExtension\(|\bcythonize\(|\bcffi_modules\b")
BY_FILE = "python setup.py -q build_ext --inplace"
BY_TABLE = 'python -c "from setuptools import setup; setup()" -q build_ext --inplace'
OTHER_BUILDERS = {
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "scikit_build_core.build": "scikit-build-core",
    "skbuild": "scikit-build",
    "sipbuild.api": "sip",
}
"""Build backends of compiled modules that put nothing beside the sources, by module."""


def command_for(project: Project, tree: Tree) -> str:
    """The shell command that compiles a repository's own modules in place; empty for none."""
    setup = tree.get("setup.py")
    if setup and setup.is_regular and EXTENSIONS.search(setup.data):
        return BY_FILE
    if project.section("tool", "setuptools").get("ext-modules"):
        return BY_TABLE
    return ""


def note_for(project: Project) -> str:
    """What a person has to do for compiled modules that are not made by themselves."""
    backend = str(project.section("build-system").get("build-backend", ""))
    if name := OTHER_BUILDERS.get(backend):
        return (
            f"the repository has modules compiled by {name}, which are not made by themselves;"
            " name a `setup` command that leaves them beside their sources"
        )
    return ""
