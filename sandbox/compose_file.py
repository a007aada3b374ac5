"""A repository's own compose file, read as hostile text: what is safe is taken, the rest refused.

What comes out is a new file. Nothing of the old one reaches compose that is not named here.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from core.errors import AntonError
from core.trees import Tree
from sandbox.dockerfile import bases

FILES = (
    *("compose.test.yaml", "compose.test.yml", "docker-compose.test.yml"),
    *("docker-compose.test.yaml", "compose.yaml", "compose.yml"),
    *("docker-compose.yml", "docker-compose.yaml"),
)
SERVICES = ("test", "tests", "sut", "pytest", "unittest")
"""How a service that runs the tests is called, most usual first."""
COPIED = (
    *("image", "command", "entrypoint", "environment", "working_dir", "user", "healthcheck"),
    *("expose", "hostname", "stop_signal", "tmpfs", "read_only"),
)
"""Keys of a service that say what runs in it, and nothing about its walls."""
DROPPED = frozenset(
    {
        *("ports", "labels", "restart", "container_name", "profiles", "tty", "stdin_open"),
        *("logging", "networks", "deploy", "dns", "dns_search", "cap_drop", "mem_limit", "cpus"),
        *("pids_limit", "links", "pull_policy", "platform", "stop_grace_period", "scale"),
        *(
            "shm_size",
            "annotations",
            "mem_reservation",
            "memswap_limit",
            "attach",
            "develop",
            "init",
        ),
    }
)
"""Keys of a service that are of no use to tests, or that our own take the place of."""
BUILD_KEYS = ("context", "dockerfile", "args", "target")
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
"""What databases need to start as root and go on as another; nothing that reaches the host."""
MEMORY = "2g"
PROCESSES = 256
DISK = 1024**3
"""Bytes that all services of a run write together; no file may be larger either."""
MAX_LOG = "10m"
MAX_FILE_BYTES = 200_000
MAX_SERVICES = 12
MAX_NODES = 20_000
LABEL = "anton.compose"
BUILD_LABEL = "anton.build"
"""Of the containers in which an image is built: the run that it is built for."""


class ComposeRefused(AntonError):
    """A compose file asks for what untrusted code may not have."""


@dataclass(frozen=True)
class Plan:
    """What will be started, and where the repository's files go."""

    test: str
    """The service that runs the tests."""
    document: Mapping[str, Any]
    """A compose file of our own."""
    copies: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """By service: a folder of the repository, and where it lies in the container."""
    images: tuple[str, ...] = ()
    """Images that have to be there already, those of its Dockerfiles too."""
    dockerfiles: tuple[str, ...] = ()
    """Paths of the tree that images are built by."""
    command: str = ""
    """What the test service runs, as text."""
    working_dir: str = ""


def compose_file(tree: Tree) -> str:
    """The compose file that holds the tests, by its usual names; empty where there is none."""
    return next((path for path in FILES if path in tree and tree[path].is_regular), "")


def plan(tree: Tree, *, folder: str, label: str) -> Plan:
    """What to start for a tree whose copy lies in `folder`; raises ComposeRefused, naming why."""
    path = compose_file(tree)
    if not path:
        raise ComposeRefused("there is no compose file at the root of the repository")
    document = _read(tree, path)
    services = _mapping(document.get("services"), f"{path}: services")
    test = next((name for name in SERVICES if name in services), "")
    if not test and len(services) == 1:
        test = next(iter(services))
    if not test:
        raise ComposeRefused(
            f"{path} has no service for tests; it would be called {' or '.join(SERVICES[:3])}"
        )
    reader = _Reader(tree, path, folder, _volumes(document, path))
    names = _needed(test, services, path)
    made = {name: reader.service(name, services[name]) for name in names}
    for service in made.values():
        service["labels"] = {LABEL: label}
        if len(made) == 1:
            service["network_mode"] = "none"
    chosen = made[test]
    return Plan(
        test=test,
        document=_document(made, reader, label),
        copies=reader.copies,
        images=tuple(dict.fromkeys(reader.images)),
        dockerfiles=tuple(dict.fromkeys(reader.dockerfiles)),
        command=str(chosen.get("command", "")),
        working_dir=str(chosen.get("working_dir", "")),
    )


def _document(made: Mapping[str, Any], reader: "_Reader", label: str) -> dict[str, Any]:
    labels = {LABEL: label}
    network = {
        "driver": "bridge",
        "internal": True,
        "labels": labels,
        # Without an address of its own on it, the host cannot be spoken to from there.
        "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
    }
    return {
        "version": "2.4",
        "services": dict(made),
        "volumes": {name: {"labels": labels} for name in sorted(reader.used_volumes)},
        **({"networks": {"default": network}} if len(made) > 1 else {}),
    }


def _read(tree: Tree, path: str) -> dict[str, Any]:
    data = tree[path].data
    if len(data) > MAX_FILE_BYTES:
        raise ComposeRefused(f"{path} has more than {MAX_FILE_BYTES:,} bytes")
    try:
        document = yaml.safe_load(data.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ComposeRefused(f"{path} cannot be read as YAML") from error
    budget = [MAX_NODES]
    found = _mapping(_filled(document, budget, path), path)
    if "include" in found:
        raise ComposeRefused(f"{path} includes other files, which is not followed")
    return found


def _filled(value: Any, budget: list[int], path: str) -> Any:
    """The value with variables filled in from nothing but their defaults, safe to hand on."""
    budget[0] -= 1
    if budget[0] < 0:
        raise ComposeRefused(f"{path} holds too much")
    if isinstance(value, str):
        return _without_variables(value)
    if isinstance(value, dict):
        return {str(key): _filled(item, budget, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, budget, path) for item in value]
    return value


def _without_variables(text: str) -> str:
    def fill(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else found["default"] or ""

    pattern = r"\$\$|\$\{\w+(?::?[-?+](?P<default>[^}]*))?\}|\$[A-Za-z_]\w*"
    return re.sub(pattern, fill, text)


def _needed(test: str, services: Mapping[str, Any], path: str) -> list[str]:
    """The test service and all that it depends on."""
    found: list[str] = []
    queue = [test]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        if name not in services or not re.fullmatch(r"[a-zA-Z0-9][\w.-]{0,60}", name):
            raise ComposeRefused(f"{path}: there is no service {name[:60]!r}")
        found.append(name)
        queue += _names(_mapping(services[name], f"{path}: {name}").get("depends_on"))
    if len(found) > MAX_SERVICES:
        raise ComposeRefused(f"{path}: {test} needs more than {MAX_SERVICES} services")
    return found


def _volumes(document: Mapping[str, Any], path: str) -> set[str]:
    """Named volumes, which are made fresh and removed again."""
    found = set()
    for name, said in _mapping(document.get("volumes") or {}, f"{path}: volumes").items():
        if said and set(said) - {"driver", "name", "labels"}:
            odd = sorted(set(said) - {"driver", "name", "labels"})[0]
            raise ComposeRefused(f"{path}: volume {name} asks for {odd}")
        if said and said.get("driver", "local") != "local":
            raise ComposeRefused(f"{path}: volume {name} asks for the driver {said['driver']}")
        found.add(name)
    return found


class _Reader:
    """Reads the services of one file."""

    def __init__(self, tree: Tree, path: str, folder: str, volumes: set[str]) -> None:
        self._tree, self._path, self._folder = tree, path, folder
        self._volumes = volumes
        self.used_volumes: set[str] = set()
        self.copies: dict[str, list[tuple[str, str]]] = {}
        self.images: list[str] = []
        self.dockerfiles: list[str] = []

    def service(self, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """One service of our own that runs what this one would."""
        where = f"{self._path}: {name}"
        self._refuse_odd(said, where)
        made: dict[str, Any] = {key: _escaped(said[key]) for key in COPIED if key in said}
        if "build" in said:
            made.pop("image", None)
            made["build"] = self._build(said["build"], where)
        elif isinstance(said.get("image"), str):
            self.images.append(said["image"])
        else:
            raise ComposeRefused(f"{where} has neither image nor build")
        if files := said.get("env_file"):
            made["environment"] = self._environment(files, made.get("environment"), where)
        made["volumes"] = list(self._mounts(name, said.get("volumes") or [], where))
        if depends := _names(said.get("depends_on")):
            conditions = said["depends_on"] if isinstance(said["depends_on"], dict) else {}
            made["depends_on"] = {one: _condition(conditions.get(one), where) for one in depends}
        return {
            **made,
            "cap_drop": ["ALL"],
            "cap_add": list(CAPABILITIES),
            "security_opt": ["no-new-privileges:true"],
            "mem_limit": MEMORY,
            "memswap_limit": MEMORY,
            "pids_limit": PROCESSES,
            "ulimits": {"fsize": DISK},
            "logging": {"driver": "json-file", "options": {"max-size": MAX_LOG, "max-file": "1"}},
            "restart": "no",
        }

    def _refuse_odd(self, said: Mapping[str, Any], where: str) -> None:
        known = {*COPIED, *DROPPED, "build", "volumes", "depends_on", "env_file"}
        for key, value in said.items():
            harmless = (key == "privileged" and value is False) or (
                key == "network_mode" and value in ("none", "bridge", "default")
            )
            if key not in known and not key.startswith("x-") and not harmless:
                raise ComposeRefused(f"{where} asks for {key}, which untrusted code may not have")

    def _build(self, said: Any, where: str) -> dict[str, Any]:
        table = {"context": said} if isinstance(said, str) else _mapping(said, f"{where}: build")
        if odd := sorted(set(table) - {*BUILD_KEYS, "labels", "cache_from", "pull"}):
            raise ComposeRefused(f"{where}: its build asks for {odd[0]}")
        context = self._inside(str(table.get("context", ".")), f"{where}: its build context")
        dockerfile = self._inside(
            str(table.get("dockerfile", "Dockerfile")), f"{where}: Dockerfile"
        )
        file = posixpath.normpath(posixpath.join(context, dockerfile))
        if file not in self._tree:
            raise ComposeRefused(f"{where}: there is no {file}")
        try:
            self.images += bases(self._tree.text(file))
        except ValueError as error:
            raise ComposeRefused(f"{where}: its Dockerfile {error}") from error
        self.dockerfiles.append(file)
        more = {key: _escaped(table[key]) for key in ("args", "target") if key in table}
        place = posixpath.normpath(posixpath.join(self._folder, context))
        return {"context": place, "dockerfile": dockerfile, "network": "none", **more}

    def _inside(self, path: str, what: str) -> str:
        """A path of the tree, in normal form."""
        plain = posixpath.normpath(path)
        if (
            re.match(r"[a-z+]+://|git@|github\.com|~|/", path)
            or plain.split("/")[0] == ".."
            or not path.isprintable()
        ):
            raise ComposeRefused(f"{what} is {path[:80]!r}, which lies outside of the repository")
        return plain

    def _mounts(self, name: str, volumes: Any, where: str) -> Iterator[str]:
        if not isinstance(volumes, list):
            raise ComposeRefused(f"{where}: volumes is no list")
        for entry in volumes:
            source, target = _mount(entry, where)
            if not source:
                yield _escaped(target)
            elif source in self._volumes:
                self.used_volumes.add(source)
                yield f"{source}:{_escaped(target)}"
            elif re.fullmatch(r"[\w-]+", source):
                raise ComposeRefused(f"{where}: there is no volume {source[:60]!r}")
            else:
                inside = self._inside(source, f"{where}: what is mounted at {target}")
                self.copies.setdefault(name, []).append((inside, target))

    def _environment(self, files: Any, said: Any, where: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in files if isinstance(files, list) else [files]:
            named = entry.get("path") if isinstance(entry, dict) else entry
            path = self._inside(str(named), f"{where}: env_file")
            if path not in self._tree:
                raise ComposeRefused(f"{where}: there is no {path}")
            for line in self._tree.text(path).splitlines():
                key, mark, value = line.strip().removeprefix("export ").partition("=")
                if mark and re.fullmatch(r"[A-Za-z_]\w*", key):
                    found[key] = _escaped(value.strip().strip("'\""))
        pairs = (
            said
            if isinstance(said, dict)
            else dict(str(line).partition("=")[::2] for line in said or ())
        )
        return {**found, **pairs}


def _mount(entry: Any, where: str) -> tuple[str, str]:
    """Source and target of a volume, in either form; an empty source for an anonymous one."""
    if isinstance(entry, dict):
        odd = sorted(
            set(entry) - {"type", "source", "target", "read_only", "volume", "consistency"}
        )
        if odd or entry.get("type") not in ("bind", "volume"):
            asked = odd[0] if odd else entry.get("type")
            raise ComposeRefused(f"{where}: a volume asks for {asked}")
        source, target = str(entry.get("source") or ""), str(entry.get("target") or "")
    else:
        parts = str(entry).split(":")
        source, target = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if not target.startswith("/") or posixpath.normpath(target) == "/":
        raise ComposeRefused(f"{where}: a volume goes to {target[:60]!r}")
    return source, posixpath.normpath(target)


def _condition(said: Any, where: str) -> dict[str, str]:
    condition = said.get("condition") if isinstance(said, dict) else None
    if condition not in (None, "service_started", "service_healthy"):
        raise ComposeRefused(f"{where}: depends_on asks for {str(condition)[:60]}")
    return {"condition": condition or "service_started"}


def _names(depends: Any) -> list[str]:
    return [str(name) for name in depends] if isinstance(depends, list | dict) else []


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ComposeRefused(f"{where} holds no mapping")
    return value


def _escaped(value: Any) -> Any:
    """Text that compose fills nothing into."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value
