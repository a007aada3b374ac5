"""Calls the build backend of the source in the current folder, as PEP 517 has it.

Sent into a sandbox as text: it imports nothing of ours. `needs` prints what the backend asks for
besides, `wheel` makes a wheel in a folder.
"""

import importlib
import json
import sys
import tomllib
from pathlib import Path

USUAL = "setuptools.build_meta:__legacy__"


def main(what: str, folder: str) -> None:
    """Do one of both."""
    system: dict[str, object] = {}
    if Path("pyproject.toml").exists():
        text = Path("pyproject.toml").read_text("utf-8")
        system = tomllib.loads(text).get("build-system", {})
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    paths = system.get("backend-path")
    sys.path[:0] = (
        [str(Path(str(path)).resolve()) for path in paths] if isinstance(paths, list) else []
    )
    module, _, attributes = str(system.get("build-backend") or USUAL).partition(":")
    backend = importlib.import_module(module)
    for attribute in attributes.split(".") if attributes else ():
        backend = getattr(backend, attribute)
    if what == "needs":
        ask = getattr(backend, "get_requires_for_build_wheel", list)
        print()
        print(json.dumps(ask()))
    else:
        Path(folder).mkdir()
        backend.build_wheel(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
