"""The git objects behind the GitHub double: a bare repository driven by the real git program."""

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Missing(Exception):
    """There is no such object or ref."""


class Refused(Exception):
    """GitHub would answer 422 with these words."""


class GitStore:
    """One bare repository."""

    def __init__(self, folder: Path, seed: Path | None = None) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        origin = ["clone", "--quiet", "--bare", str(seed)] if seed else ["init", "-q", "--bare"]
        subprocess.run(["git", *origin, str(folder)], check=True, capture_output=True)
        self.git("config", "gc.auto", "0")

    def git(self, *arguments: str, stdin: bytes = b"", index: str = "index") -> bytes:
        with self._lock:
            done = subprocess.run(
                ["git", f"--git-dir={self.folder}", *arguments],
                input=stdin,
                capture_output=True,
                check=False,
                env={
                    "PATH": "/usr/local/bin:/usr/bin:/bin",
                    "HOME": str(self.folder),
                    "GIT_INDEX_FILE": str(self.folder / index),
                    "GIT_CONFIG_NOSYSTEM": "1",
                },
            )
        if done.returncode:
            raise Refused(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout

    def line(self, *arguments: str, stdin: bytes = b"") -> str:
        return self.git(*arguments, stdin=stdin).decode().strip()

    def kind(self, sha: str) -> str:
        try:
            return self.line("cat-file", "-t", sha)
        except Refused as error:
            raise Missing(sha) from error

    def need(self, sha: str, kind: str) -> str:
        if self.kind(sha) != kind:
            raise Missing(sha)
        return sha

    def put(self, kind: str, body: bytes) -> str:
        return self.line("hash-object", "-w", "-t", kind, "--stdin", stdin=body)

    def read(self, sha: str, kind: str) -> bytes:
        return self.git("cat-file", kind, self.need(sha, kind))

    def tree(self, sha: str, recursive: bool) -> list[dict[str, Any]]:
        depth = ["-r", "-t"] if recursive else []
        listing = self.git("ls-tree", "-z", "-l", *depth, self.need(sha, "tree"))
        entries = []
        for record in listing.decode().split("\0")[:-1]:
            words, path = record.split("\t", 1)
            mode, kind, digest, size = words.split()
            entry: dict[str, Any] = {"path": path, "mode": mode, "type": kind, "sha": digest}
            entries.append(entry | ({"size": int(size)} if size.isdigit() else {}))
        return entries

    def make_tree(self, base: str | None, changes: Sequence[dict[str, Any]]) -> str:
        with self._lock:
            self.git("read-tree", *([base] if base else ["--empty"]), index="making")
            known = self.git("ls-files", "-z", index="making").decode().split("\0")
            lines: list[str] = []
            for change in changes:
                digest, path = change.get("sha"), change["path"]
                if "content" in change:
                    digest = self.put("blob", change["content"].encode())
                if digest is None and path not in known:
                    raise Refused("GitRPC::BadObjectState")
                if digest and change["mode"] != "160000":
                    self.need(digest, "blob")
                mode = change["mode"] if digest else "0"
                line = f"{mode} {digest or '0' * 40} 0\t{path}\0"
                lines.insert(len(lines) if digest else 0, line)
            data = "".join(lines).encode()
            self.git("update-index", "-z", "--replace", "--index-info", stdin=data, index="making")
            return self.git("write-tree", index="making").decode().strip()

    def commit(self, sha: str) -> dict[str, Any]:
        head, _, message = self.read(sha, "commit").decode().partition("\n\n")
        found: dict[str, Any] = {"parents": [], "message": message}
        for line in head.split("\n"):
            key, _, value = line.partition(" ")
            if key == "parent":
                found["parents"].append(value)
            else:
                found[key] = value
        return found

    def refs(self, below: str = "refs/heads") -> dict[str, str]:
        lines = self.line("for-each-ref", "--format=%(refname) %(objectname)", below)
        return dict(line.split(" ") for line in lines.splitlines())

    def create_ref(self, ref: str, sha: str) -> None:
        if ref in self.refs("refs"):
            raise Refused("Reference already exists")
        try:
            self.need(sha, "commit")
        except Missing as error:
            raise Refused("Object does not exist") from error
        self.git("update-ref", "--stdin", stdin=f"create {ref} {sha}\n".encode())

    def resolve(self, name: str) -> str:
        for form in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            try:
                return self.line("rev-parse", "--verify", "--end-of-options", f"{form}^{{commit}}")
            except Refused:
                continue
        raise Missing(name)

    def count(self, include: str, exclude: str) -> list[str]:
        return self.line("rev-list", "--reverse", include, f"^{exclude}").splitlines()

    def merge_base(self, one: str, other: str) -> str:
        try:
            return self.line("merge-base", one, other)
        except Refused as error:
            raise Missing(f"{one}...{other}") from error

    def archive(self, sha: str, prefix: str) -> bytes:
        return self.git("archive", "--format=tar.gz", f"--prefix={prefix}/", sha)

    def advance(self, branch: str, files: dict[str, str]) -> str:
        """A commit by somebody else on top of a branch."""
        parent = self.refs().get(f"refs/heads/{branch}")
        changes = [{"path": p, "mode": "100644", "content": text} for p, text in files.items()]
        tree = self.make_tree(parent, changes)
        who = "somebody <somebody@localhost> 1700000100 +0000"
        lines = [f"tree {tree}", *([f"parent {parent}"] if parent else [])]
        lines += [f"author {who}", f"committer {who}", "", "Meanwhile\n"]
        sha = self.put("commit", "\n".join(lines).encode())
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha
