"""The projects that are tried: one table, a row for each, whatever its language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Project:
    """One published source package."""

    ecosystem: str
    """`pypi`, or another key of `evals.projects.sources.SOURCES`."""
    name: str
    version: str
    why: str
    """What it stands for."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """What its package.json must say otherwise, where it was published without what tests need."""

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
    Project(
        "npm",
        "zod",
        "3.25.76",
        "1,400 tests in TypeScript by Vitest; published without its needs, which are added",
        {
            "scripts": {"test": "vitest run"},
            "devDependencies": {"vitest": "3.2.4", "@web-std/file": "3.0.3", "recheck": "4.4.5"},
        },
    ),
    Project(
        "npm",
        "hashids",
        "2.3.0",
        "tests in TypeScript by Jest; published without its settings, which are added",
        {
            "scripts": {"test": "jest"},
            "jest": {
                "transform": {r"\.ts$": "@swc/jest"},
                "testMatch": ["**/src/tests/*.test.ts"],
            },
            "devDependencies": {
                "jest": "29.7.0",
                "@swc/core": "1.13.5",
                "@swc/jest": "0.2.39",
                "require-from-web": "1.2.0",
            },
        },
    ),
    Project(
        "npm",
        "fraction.js",
        "5.3.4",
        "a script that calls mocha; its tool for builds goes, whose lock file `npm ci` refuses",
        {"devDependencies": {"mocha": "*"}},
    ),
    Project("npm", "fast-json-stable-stringify", "2.1.0", "a script of eslint, nyc and tape"),
    Project("npm", "resolve", "1.22.14", "a script that lints first and installs afterwards"),
)
