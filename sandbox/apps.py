"""What of a repository can be shown live, told from its files: a FastAPI app, or built pages."""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePosixPath

from core.errors import NothingToShow
from core.trees import File, Tree
from sandbox.workspace import WORKSPACE

FILES_MAX = 2_000
FILE_BYTES_MAX = 1_000_000
ASIDE = frozenset(
    "tests test testing docs doc examples example scripts node_modules vendor venv".split()
)
"""Folders whose apps are not what a repository is about."""
USUAL = ("main.py", "app.py", "asgi.py", "api.py", "server.py", "__init__.py")
BUILT = ("dist", "build", "out", "_site", "public", "site", "www", "static")
"""Where pages lie that are ready to be served, most telling first."""
SERVER_AT = ".anton-demo"
SERVER = ("uvicorn", "click", "h11")
"""What serves an app whose own requirements name no server; all of it is plain Python."""
START = (
    f"import sys; sys.path.append('{WORKSPACE}/{SERVER_AT}'); "
    "import uvicorn; sys.exit(uvicorn.main())"
)

BESIDE = ("-c", (Path(__file__).parent / "inside" / "pages.py").read_text(), WORKSPACE)
"""Serves pages that lie beside sources, which are not shown."""


@dataclass(frozen=True)
class App:
    """Something that can be started and then answers by HTTP."""

    kind: str
    """As people call it: `FastAPI app`, `static site`, `command`."""
    place: str
    """Where it was found."""
    words: tuple[str, ...]
    """Arguments for the interpreter of the environment, without host and port."""
    files: Tree = field(default_factory=Tree)
    """What has to lie in the workspace beside the repository."""

    def argv(self, python: str, port: int) -> list[str]:
        """The command that serves at a port, on every address of a sandbox of its own."""
        if self.kind == NAMED:
            return ["sh", "-c", *(word.replace("{port}", str(port)) for word in self.words)]
        if self.kind == STATIC:
            return [python, *self.words, str(port)]
        return [python, *self.words, "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104


FASTAPI, STATIC, NAMED = "FastAPI app", "static site", "command"
OFF = "off"
"""In place of a command: nothing of this repository is shown."""


def app_of(tree: Tree, command: str = "") -> App:
    """What can be shown of these files, by the `command` where one is named.

    Raises NothingToShow, saying why.
    """
    if command:
        if command == OFF:
            raise NothingToShow("it is switched off for this repository")
        return App(NAMED, "the command that is named", (command,))
    found = min(_apps(tree), key=_rank, default=None)
    if found is not None:
        return _fastapi(tree, *found)
    folder = _pages(tree)
    if folder is None:
        raise NothingToShow(_nothing(tree))
    at = f"{WORKSPACE}/{folder}".rstrip("/")
    words = ("-m", "http.server", "--directory", at, "--bind", "0.0.0.0") if folder else BESIDE  # noqa: S104
    return App(STATIC, f"{folder}/index.html".lstrip("/"), words)


def _fastapi(tree: Tree, path: str, name: str, is_factory: bool) -> App:
    root, module = _module(tree, path)
    words = ["-c", START, f"{module}:{name}", "--app-dir", f"{WORKSPACE}/{root}".rstrip("/")]
    words += ["--no-access-log", *(["--factory"] if is_factory else [])]
    return App(FASTAPI, f"{path}:{name}", tuple(words), _server())


def _module(tree: Tree, path: str) -> tuple[str, str]:
    """The folder to import from, and the module.

    A package begins where no `__init__` is above. A file outside of any package is a module of its
    own folder where it imports its neighbours so, else of the first root that it lies below.
    """
    folders, file = path.split("/")[:-1], PurePosixPath(path).stem
    names = [file] if file != "__init__" else []
    depth = len(folders)
    while depth and "/".join([*folders[:depth], "__init__.py"]) in tree.files:
        depth -= 1
    if depth == len(folders) and not _imports_neighbours(tree, path):
        depth = 1 if folders[:1] in (["src"], ["lib"]) else 0
    return "/".join(folders[:depth]), ".".join([*folders[depth:], *names])


def _imports_neighbours(tree: Tree, path: str) -> bool:
    """Whether a module imports a file of its own folder by that file's bare name."""
    folder = path.rpartition("/")[0]
    wanted: set[str] = set()
    for node in ast.walk(ast.parse(tree[path].data)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            wanted.add((node.module or "").partition(".")[0])
    return bool(folder) and any(f"{folder}/{name}.py" in tree.files for name in wanted)


def _apps(tree: Tree) -> Iterator[tuple[str, str, bool]]:
    """Each app with its path, its name, and whether it is made by calling that."""
    paths = [path for path in tree.files if path.endswith(".py") and not _is_aside(path)]
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:FILES_MAX]:
        file = tree[path]
        if not file.is_regular or len(file.data) > FILE_BYTES_MAX or b"FastAPI" not in file.data:
            continue
        try:
            module = ast.parse(file.data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from ((path, name, made) for name, made in _named(module))


def _named(module: ast.Module) -> Iterator[tuple[str, bool]]:
    factories = {
        node.name: node
        for node in module.body
        if isinstance(node, ast.FunctionDef) and _last(node.returns) == "FastAPI"
    }
    for node in module.body:
        targets: Sequence[ast.expr] = ()
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        made = getattr(node, "value", None)
        called = _last(made.func) if isinstance(made, ast.Call) else ""
        if called == "FastAPI" or called in factories:
            yield from ((target.id, False) for target in targets if isinstance(target, ast.Name))
    for name, node in factories.items():
        if not name.startswith("_") and not _asks(node.args):
            yield name, True


def _asks(arguments: ast.arguments) -> bool:
    """Whether a function cannot be called without an argument."""
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional > 0 or any(default is None for default in arguments.kw_defaults)


def _last(node: ast.expr | None) -> str:
    """The last name of `fastapi.FastAPI`, also where it is quoted."""
    if isinstance(node, ast.Constant):
        return str(node.value).rpartition(".")[2]
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _rank(found: tuple[str, str, bool]) -> tuple[bool, int, int, str, str]:
    path, name, is_factory = found
    file = PurePosixPath(path).name
    usual = USUAL.index(file) if file in USUAL else len(USUAL)
    return is_factory, usual, path.count("/"), path, name


def _is_aside(path: str) -> bool:
    return any(part in ASIDE or part.startswith(".") for part in path.split("/")[:-1])


def _pages(tree: Tree) -> str | None:
    """The folder of the pages: built ones before sources, shallow ones before deep ones."""
    folders = [
        path.removesuffix("index.html").rstrip("/")
        for path, file in tree.files.items()
        if PurePosixPath(path).name == "index.html" and file.is_regular and path.count("/") <= 2
    ]
    built = [folder for folder in folders if folder.rpartition("/")[2] in BUILT]
    if built:
        return min(built, key=lambda at: (at.count("/"), BUILT.index(at.rpartition("/")[2]), at))
    return "" if "" in folders and not _is_built_first(tree) else None


def _is_built_first(tree: Tree) -> bool:
    """Whether the page at the root is a source that a build turns into pages."""
    file = tree.get("package.json")
    try:
        package = json.loads(file.data) if file and file.is_regular else {}
    except (ValueError, RecursionError):
        return False
    return isinstance(package, dict) and "build" in (package.get("scripts") or {})


def _nothing(tree: Tree) -> str:
    if _is_built_first(tree):
        return "its pages have to be built first, and no dist folder is in the repository"
    return "no FastAPI app and no static pages were found"


def _server() -> Tree:
    """Our own server's files, for apps that bring none."""
    files = {}
    for name in SERVER:
        for file in metadata.files(name) or ():
            source = Path(str(file.locate()))
            if file.suffix == ".py" and ".." not in file.parts and source.is_file():
                files[f"{SERVER_AT}/{file.as_posix()}"] = File(source.read_bytes())
    return Tree(files)
