"""Packages of npm's registry put into a folder on the host: fetched and unpacked, nothing is run.

Only manifests and the lock file are copied out of a repository, less their scripts and all that
comes from elsewhere than the registry; its own settings, such as `.npmrc`, are not.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.errors import EnvironmentUnprepared
from observability import host_programs
from sandbox.node_project import MANIFEST, NEEDS, NodeProject, locked_packages, table_of
from sandbox.node_scopes import private_packages
from sandbox.programs import Programs

SECONDS = 600.0
ATTEMPTS = 6
"""Installations that are begun, each without the packages that the registry did not have before."""
KEPT = (
    *("name", "version", "type", "workspaces", "overrides", "resolutions", "bundleDependencies"),
    *("bundledDependencies", "peerDependencies", "peerDependenciesMeta", *NEEDS),
)
"""Of a manifest; no script of it, nor a package manager that it would have fetched."""
NPM = (
    *("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"),
    *("--loglevel=warn", "--include=dev", "--include=optional", "--include=peer"),
    *("--replace-registry-host=always", "--allow-git=none", "--allow-remote=none", "--git=false"),
)
PNPM = (
    *("install", "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile", "--use-stderr"),
    *("--package-import-method=copy", "--reporter=append-only", "--prod=false"),
)
YARN = (
    *("install", "--frozen-lockfile", "--ignore-scripts", "--non-interactive", "--no-progress"),
    *("--production=false", "--ignore-engines", "--no-default-rc"),
)
_UNREACHABLE = re.compile(
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENOTCACHED|SOCKET_TIMEOUT"
    r"|fetch failed|network|offline|\b50[0234]\b",
    re.IGNORECASE,
)
_ON_DISK = re.compile(r'"\s*((file|link|portal):|~?/|\.)', re.IGNORECASE)
"""In a table as JSON: a package of a path of this machine."""
_NOISE = re.compile(r"npm (warn|notice)|.*(complete log|_logs)")
_ABSENT = re.compile(
    r"404\s+'?(@?[^@'\s]+)@|ETARGET.*?matching version found for (@?[^@\s]+)@"
    r"|No matching version found for (@?[^@\s]+)@"
    r"|404 Not Found - GET \S+?/((?:@[^/%\s]+(?:%2f|/))?[^/@\s]+)(?=\s|$)",
    re.DOTALL,
)


class NodeInstaller:
    """Calls npm, or the program whose lock file a repository has."""

    def __init__(self, programs: Programs, *, index_allowed: bool) -> None:
        """Without an index, packages come from the program's own cache alone."""
        self._programs = programs
        self._index_allowed = index_allowed

    def install(self, project: NodeProject, folder: Path) -> list[str]:
        """Fill `folder/node_modules`; what a person should know. Raises EnvironmentUnprepared."""
        notes: list[str] = []
        if project.manager != "npm":
            why = self._by_its_own(project, folder)
            if not why:
                return notes
            notes.append(why)
        left_out = {**project.foreign, **private_packages(project)}
        notes += [
            f"{name} is missing: it comes from {_short(source)} and not from npm's registry"
            for name, source in left_out.items()
        ]
        locked = project.manager == "npm" and bool(project.lock)
        if not project.lock:
            notes.append("there is no lock file: npm chose the versions of packages")
        return notes + self._by_npm(project, folder, left_out, locked=locked)

    def _by_its_own(self, project: NodeProject, folder: Path) -> str:
        """Install by the lock file of pnpm or yarn; why that cannot be followed, if it cannot."""
        name = project.manager
        if project.foreign or private_packages(project):
            return f"{project.lock} was not followed: some packages in it are of no registry"
        if project.other_hosts:
            host = project.other_hosts[0][:80]
            return f"{project.lock} was not followed: it asks {host} and not npm's registry"
        if name == "yarn" and "__metadata:" in project.tree.text(project.lock):
            return (
                f"{project.lock} was not followed: it is of a yarn after the first, and npm is used"
            )
        if shutil.which(name) is None:
            return (
                f"{project.lock} was not followed, so that versions may differ: {name} is not"
                f" installed here (npm install --global {name})"
            )
        lay_out(project, folder, {}, as_it_is=True)
        (folder / project.lock).write_bytes(project.tree[project.lock].data)
        options = [] if self._index_allowed else ["--offline"]
        done, said = self._run([name, *(PNPM if name == "pnpm" else YARN), *options], folder)
        if done:
            return ""
        if self._is_unreachable(said):
            raise self._unreached(said)
        _clear(folder)
        return f"{project.lock} was not followed: {name} said {_last(said)}"

    def _by_npm(
        self, project: NodeProject, folder: Path, left_out: dict[str, str], *, locked: bool
    ) -> list[str]:
        notes: list[str] = []
        options: list[str] = []
        said, again = "", False
        for _ in range(ATTEMPTS):
            lay_out(project, folder, left_out)
            if locked:
                (folder / project.lock).write_text(_lock_without(project, left_out))
            command = ["ci"] if locked else ["install", "--no-package-lock"]
            offline = [] if self._index_allowed else ["--offline"]
            done, said = self._run(["npm", *command, *NPM, *options, *offline], folder)
            lacking = _lacking(project, folder, left_out) if done else ""
            if done and not lacking:
                return [*notes, *_misfits(said)]
            said = f"{lacking} was not installed" if lacking else said
            if self._is_unreachable(said):
                raise self._unreached(said)
            _clear(folder)
            absent = _absent(said)
            if absent and absent not in left_out and absent in project.all_needs:
                left_out[absent] = "a registry that was not asked"
                notes.append(f"{absent} is missing: npm's registry does not have it")
            elif "ERESOLVE" in said and not options:
                options.append("--legacy-peer-deps")
                notes.append("what packages ask of their peers contradicts itself, and was ignored")
            elif not again:
                again = True
            elif locked:
                locked = False
                notes.append(f"{project.lock} was not followed: npm said {_last(said)}")
            else:
                raise _refused(absent, said)
        raise _refused("", said)

    def _run(self, argv: list[str], folder: Path) -> tuple[bool, str]:
        """Whether it did as told, and what it complained of."""
        try:
            code, said = self._programs.run(
                argv, host_programs.of_node(), cwd=folder, timeout_s=SECONDS
            )
        except subprocess.TimeoutExpired:
            return False, f"ETIMEDOUT: no end after {SECONDS:g} s"
        except OSError as error:
            raise EnvironmentUnprepared(
                f"{argv[0]} does not start: {error}.",
                remedy="Install Node.js with npm, 18 or later.",
            ) from error
        if code == 0:
            return True, said
        telling = [line for line in said.split("\n") if not _NOISE.match(line)]
        return False, "\n".join(telling).strip() or f"exit code {code}"

    def _is_unreachable(self, said: str) -> bool:
        return not _ABSENT.search(said) and bool(_UNREACHABLE.search(said))

    def _unreached(self, said: str) -> EnvironmentUnprepared:
        why = "was not reached" if self._index_allowed else "may not be asked"
        return EnvironmentUnprepared(
            f"The repository's packages could not be fetched: npm's registry {why}. {_last(said)}",
            remedy="Run once with network access, so that they are prepared and kept.",
        )


def lay_out(
    project: NodeProject, folder: Path, left_out: Mapping[str, str], *, as_it_is: bool = False
) -> None:
    """The manifests of a project, as data that no installer can run anything of.

    Unless they stay `as_it_is`, what only pnpm and yarn would understand is said in npm's words.
    """
    own = {str(name) for path in project.members if (name := project.manifest(path).get("name"))}
    of_pnpm = project.manager == "pnpm" and bool(project.members)
    for path in (MANIFEST, *project.members):
        found = project.manifest(path)
        if path == MANIFEST and ("workspaces" in found or (of_pnpm and not as_it_is)):
            found["workspaces"] = [member.rpartition("/")[0] for member in project.members]
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        bare = _bare(found, left_out)
        target.write_text(json.dumps(bare if as_it_is else _plain(bare, own), indent=2))
    if of_pnpm:
        names = [f"  - {json.dumps(path.rpartition('/')[0])}" for path in project.members]
        (folder / "pnpm-workspace.yaml").write_text("\n".join(["packages:", *names, ""]))


def _bare(package: Mapping[str, Any], left_out: Mapping[str, str]) -> dict[str, Any]:
    kept = {key: package[key] for key in KEPT if key in package}
    for key in ("overrides", "resolutions", "peerDependencies"):
        if _ON_DISK.search(json.dumps(kept.get(key))):
            del kept[key]
    for table in NEEDS:
        if table in kept:
            needs = table_of(package, table)
            kept[table] = {name: said for name, said in needs.items() if name not in left_out}
    return kept


def _plain(package: Mapping[str, Any], own: Collection[str]) -> dict[str, Any]:
    """A manifest with what it takes `workspace:` from asked for by name; others are left out."""
    kept = dict(package)
    for table in NEEDS:
        needs = {
            name: "*" if str(said).startswith("workspace:") else said
            for name, said in table_of(package, table).items()
            if name in own or not str(said).startswith("workspace:")
        }
        kept |= {table: needs} if table in package else {}
    return kept


def _lock_without(project: NodeProject, left_out: Mapping[str, str]) -> str:
    """Npm's lock file without some packages; as it is where it holds none of them."""
    text = project.tree.text(project.lock)
    packages = locked_packages(text)
    if not left_out or not packages:
        return text
    kept = {
        place: _bare_entry(entry, left_out)
        for place, entry in packages.items()
        if place.rpartition("node_modules/")[2] not in left_out
    }
    whole = json.loads(text)
    whole.pop("dependencies", None)
    return json.dumps({**whole, "packages": kept})


def _bare_entry(entry: Mapping[str, Any], left_out: Mapping[str, str]) -> dict[str, Any]:
    kept = dict(entry)
    for table in NEEDS:
        if table in kept:
            needs = table_of(entry, table)
            kept[table] = {name: said for name, said in needs.items() if name not in left_out}
    return kept


def _misfits(said: str) -> list[str]:
    """Packages that were made for another Node.js."""
    pairs = re.findall(r"EBADENGINE\s+package: '([^'\n]+)',\n.*?required: \{([^}\n]*)\}", said)
    return [f"{name} asks for {wanted.strip()}, and may not work here" for name, wanted in pairs]


def _lacking(project: NodeProject, folder: Path, left_out: Mapping[str, str]) -> str:
    """A package that is asked for and is not there, though npm says that all went well."""
    optional = table_of(project.package, "optionalDependencies")
    wanted = [name for name in project.needs if name not in left_out and name not in optional]
    return next((name for name in wanted if not (folder / "node_modules" / name).exists()), "")


def _absent(said: str) -> str:
    """The package that the registry does not have; empty when it said nothing of the kind."""
    found = _ABSENT.search(said)
    return unquote(next((name for name in found.groups() if name), "")) if found else ""


def _refused(absent: str, said: str) -> EnvironmentUnprepared:
    if absent:
        return EnvironmentUnprepared(
            f"The repository's packages need {absent}, which npm's registry does not have.",
            remedy="Add it to the registry that npm is configured to use here.",
        )
    return EnvironmentUnprepared(
        f"npm cannot install the repository's packages: {_last(said)}",
        remedy="See that `npm install --ignore-scripts` works in a fresh copy of it.",
    )


def _clear(folder: Path) -> None:
    for found in _installed(folder):
        shutil.rmtree(found, ignore_errors=True)


def _installed(folder: Path) -> Iterator[Path]:
    yield folder / "node_modules"
    for found in list(folder.rglob("node_modules")):
        if "node_modules" not in found.relative_to(folder).parts[:-1]:
            yield found


def _short(source: str) -> str:
    """Where a package comes from, without what may be a credential."""
    return re.sub(r"//[^@/\s]*@", "//", source)[:100]


def _last(said: str) -> str:
    """What a program complained of, in one line."""
    lines = [re.sub(r"^npm (error|ERR!)\s*", "", line).strip() for line in said.split("\n")]
    return " ".join([line for line in lines if line][:3])[:300] or "nothing"
