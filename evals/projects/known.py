"""The projects that are tried: one table, a row for each, whatever its language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """One published source package."""

    ecosystem: str
    """`pypi`, or another key of `evals.projects.sources.SOURCES`."""
    name: str
    version: str
    why: str
    """What it stands for."""

    @property
    def id(self) -> str:
        """As `pypi:tabulate`."""
        return f"{self.ecosystem}:{self.name}"


PROJECTS = (
    Project("pypi", "tabulate", "0.9.0", "tox.ini and pyproject.toml; optional packages in tests"),
    Project("pypi", "tomlkit", "0.13.3", "declared for Poetry"),
    Project("pypi", "termcolor", "3.3.0", "hatch, an extra for tests"),
    Project("pypi", "jsonschema", "4.26.0", "hatch; a dependency that is compiled from Rust"),
    Project("pypi", "num2words", "0.5.14", "a dependency without any wheel"),
    Project("pypi", "markupsafe", "3.0.4", "a module in C with a fallback; uv.lock"),
    Project("pypi", "ujson", "5.12.0", "is a module in C++; its version comes from git"),
    Project("pypi", "zopfli", "0.4.3", "a module in C, with its own sources of the library"),
    Project("pypi", "msgpack", "1.1.2", "a module in Cython with a fallback"),
    Project("pypi", "mpmath", "1.3.0", "a suite of more than a minute; tests inside the package"),
    Project("pypi", "aiodns", "4.0.4", "tests that need the network; a compiled dependency"),
    Project("pypi", "django-auth-ldap", "5.4.0", "a dependency that needs a C library to build"),
    Project("pypi", "docopt", "0.6.2", "ships no tests"),
)
