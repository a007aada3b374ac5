"""What a repository says of itself as a Python project: read as data, nothing of it is run."""

import ast
import configparser
import email
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.trees import Tree

MAX_FILE_BYTES = 1_000_000

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """The configuration files of a repository, parsed; each empty when missing or malformed."""

    pyproject: Table = field(default_factory=dict)
    setup_cfg: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    setup_py: Table = field(default_factory=dict)
    """Literal keywords of the call of `setup`."""
    metadata: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Headers of PKG-INFO, as source distributions have it."""
    notes: tuple[str, ...] = ()
    """What could not be read."""

    @property
    def name(self) -> str:
        """The distribution's name; empty when unknown."""
        return str(
            self.section("project").get("name")
            or self.section("tool", "poetry").get("name")
            or self.setup_cfg.get("metadata", {}).get("name")
            or self.setup_py.get("name")
            or "".join(self.metadata.get("Name", ())[:1])
        )

    @property
    def scripts(self) -> Mapping[str, Mapping[str, str]]:
        """Entry points: group, name, `module:object`."""
        project = self.section("project")
        groups: dict[str, dict[str, str]] = {
            "console_scripts": _texts(
                project.get("scripts") or self.section("tool", "poetry", "scripts")
            ),
            "gui_scripts": _texts(project.get("gui-scripts")),
        }
        for source in (project.get("entry-points"), self.section("tool", "poetry", "plugins")):
            if isinstance(source, Mapping):
                groups |= {str(group): _texts(names) for group, names in source.items()}
        for group, names in self._older_entry_points():
            groups.setdefault(group, {}).update(names)
        return {group: names for group, names in groups.items() if names}

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What an installation tells of the project besides name and version, key and value."""
        main = self.section("project")
        licence, found = main.get("license"), []
        if isinstance(licence, str):
            found.append(("License-Expression", licence))
        elif isinstance(licence, Mapping) and isinstance(licence.get("text"), str):
            found.append(("License", licence["text"]))
        for key, name in (("description", "Summary"), ("requires-python", "Requires-Python")):
            found.append((name, str(main.get(key) or "")))
        found += [("Classifier", text) for text in _strings(main.get("classifiers"))]
        found += [("Requires-Dist", text) for text in _strings(main.get("dependencies"))]
        told = {key for key, value in found if value}
        found += [
            (key, value)
            for key in ("License-Expression", "License", "Summary", "Requires-Python")
            if key not in told
            for value in self.metadata.get(key, ())[:1]
        ]
        return tuple((key, value) for key, value in found if value and value.isprintable())

    def section(self, *keys: str) -> Table:
        """A table of pyproject.toml; empty when it is not there."""
        table: Any = self.pyproject
        for key in keys:
            table = table.get(key) if isinstance(table, Mapping) else None
        return table if isinstance(table, Mapping) else {}

    def _older_entry_points(self) -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        for group, lines in self.setup_cfg.get("options.entry_points", {}).items():
            found.append((group, _assignments(lines.splitlines())))
        declared = self.setup_py.get("entry_points")
        if isinstance(declared, Mapping):
            for group, lines in declared.items():
                found.append((str(group), _assignments(_strings(lines))))
        return found


def project_of(tree: Tree) -> Project:
    """Read what the root of a repository declares."""
    notes: list[str] = []

    def text(path: str) -> str:
        file = tree.get(path)
        if file is None or not file.is_regular or len(file.data) > MAX_FILE_BYTES:
            return ""
        return file.data.decode("utf-8", "replace")

    def parsed(path: str, parse: Any) -> Any:
        try:
            return parse(text(path))
        except (ValueError, SyntaxError, configparser.Error, RecursionError) as error:
            notes.append(f"{path} cannot be read: {str(error).splitlines()[0]}")
            return {}
        except MemoryError:
            notes.append(f"{path} cannot be read: it is nested too deeply")
            return {}

    return Project(
        pyproject=parsed("pyproject.toml", tomllib.loads),
        setup_cfg=parsed("setup.cfg", sections),
        setup_py=parsed("setup.py", _setup_keywords),
        metadata=_headers(text("PKG-INFO")),
        notes=tuple(notes),
    )


def version_of(project: Project, tree: Tree) -> str:
    """The version, where it stands as a literal; `0` where it does not."""
    declared = (
        project.section("project").get("version")
        or project.section("tool", "poetry").get("version")
        or project.setup_cfg.get("metadata", {}).get("version")
        or project.setup_py.get("version")
    )
    if isinstance(declared, str) and not declared.startswith(("attr:", "file:")):
        return declared.strip()
    if known := project.metadata.get("Version"):
        return known[0]
    return _assigned_version(tree, project) or "0"


def import_roots(project: Project, tree: Tree) -> tuple[str, ...]:
    """Folders to import from, most specific first; the last one is the root, `.`."""
    roots: list[str] = []
    found = project.section("tool", "setuptools", "packages", "find").get("where")
    roots += _strings(found)
    for source in (
        project.section("tool", "setuptools").get("package-dir"),
        project.setup_py.get("package_dir"),
        _assignments(project.setup_cfg.get("options", {}).get("package_dir", "").splitlines()),
    ):
        if isinstance(source, Mapping):
            roots += _strings(source.get(""))
    roots += _strings(project.setup_cfg.get("options.packages.find", {}).get("where"))
    roots += ["src", "lib"]
    inside = {root.strip("./") for root in roots if ".." not in root}
    ordered = [root for root in dict.fromkeys(root.strip("./") for root in roots) if root in inside]
    held = [root for root in ordered if root and _holds_python(tree, root)]
    return (*held, ".")


def _holds_python(tree: Tree, folder: str) -> bool:
    return any(path.startswith(f"{folder}/") and path.endswith(".py") for path in tree.files)


def sections(text: str) -> dict[str, dict[str, str]]:
    """The sections of an ini file."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return {name: {k: v or "" for k, v in parser.items(name)} for name in parser.sections()}


def _headers(text: str) -> dict[str, list[str]]:
    message = email.message_from_string(text)
    found: dict[str, list[str]] = {}
    for key, value in message.items():
        found.setdefault(key, []).append(str(value))
    return found


def _setup_keywords(text: str) -> dict[str, Any]:
    module = ast.parse(text)
    names = {
        target.id: value
        for node in module.body
        if isinstance(node, ast.Assign) and (value := _literal(node.value, {})) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            pairs = [(keyword.arg, _literal(keyword.value, names)) for keyword in node.keywords]
            return {key: value for key, value in pairs if key and value is not None}
    return {}


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literal(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of a literal or of a name that was assigned one; None for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Dict):
        pairs = {
            key: _literal(value, names)
            for key_node, value in zip(node.keys, node.values, strict=True)
            if key_node is not None and (key := _literal(key_node, names)) is not None
        }
        return {key: value for key, value in pairs.items() if value is not None}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, names), _literal(node.right, names)
        return left + right if isinstance(left, list) and isinstance(right, list) else None
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _assigned_version(tree: Tree, project: Project) -> str:
    """`__version__ = "…"` of the shallowest module that looks like the project's own."""
    own = project.name.replace("-", "_").lower()
    candidates = sorted(
        (
            path
            for path in tree.files
            if path.rpartition("/")[2]
            in ("__init__.py", "_version.py", "version.py", "__about__.py", f"{own}.py")
            and path.count("/") <= 3
            and (not own or own in path.lower())
        ),
        key=lambda path: (path.count("/"), path),
    )
    for path in candidates[:20]:
        try:
            module = ast.parse(tree.text(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in module.body:
            if isinstance(node, ast.Assign) and any(
                getattr(target, "id", "") in ("__version__", "version", "VERSION")
                for target in node.targets
            ):
                value = _literal(node.value, {})
                if isinstance(value, str):
                    return value
    return ""


def _assignments(lines: Sequence[str]) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in lines if "=" in line]
    return {key.strip(): value.strip() for key, value in pairs}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return (
        [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
    )


def _texts(table: Any) -> dict[str, str]:
    if not isinstance(table, Mapping):
        return {}
    return {str(key): value for key, value in table.items() if isinstance(value, str)}
