"""Attacks on what comes out of a sandbox, and on the tasks that come after."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from core.errors import AntonError, ArchiveRefused
from core.trees import File, Tree
from evals.attacks.field import PYTHON, Attack, Breach, Field, command, verdict
from sandbox.output import shown

TIGHT_S = 5.0
SWAPPING_S = 2.0
PLANTED = ("conftest.py", "sitecustomize.py", "json.py", "evil.pth", "pytest.ini", "setup.py")
LINKS = {
    "leak": "ln -s /etc/passwd leak",
    "folder": "ln -s /etc folder",
    "swapped": "rm attack.py; ln -s /etc/passwd attack.py",
    "self": "ln -s self self",
}
NAMES = {
    "line end": "touch $'a\\nb'",
    "escape code": "touch $'a\\e[2Jb'",
    "right to left": "touch $'a\\u202eb'",
    "no text": "touch $'a\\xffb'",
    "case clash": "echo x > ATTACK.PY",
    "very deep": "d=.; for n in $(seq 90); do d=$d/x; mkdir $d; done; touch $d/file",
    "very long": "n=$(printf 'x%.0s' $(seq 200)); d=.; "
    "for i in 1 2 3 4 5 6; do d=$d/$n; mkdir $d; done; touch $d/file",
}
SPECIAL = {
    "fifo": "mkfifo special",
    "socket": f"{PYTHON} -c \"import socket; socket.socket(socket.AF_UNIX).bind('special')\"",
    "fifo in place": "rm attack.py; mkfifo attack.py",
}
GIT = {
    "configuration": "mkdir .git; printf '[core]\\nfsmonitor=touch owned' > .git/config",
    "hook": "mkdir -p .git/hooks; printf '#!/bin/sh' > .git/hooks/post-checkout",
    "file that points out": "echo 'gitdir: /tmp/evil' > .git",
    "below": "mkdir -p sub/.git; echo x > sub/.git/config",
    "in other letters": "mkdir .GiT; echo x > .GiT/config",
    "short name": "mkdir git~1; echo x > git~1/config",
}
ARCHIVES = {
    "sparse bomb": "truncate -s 16M bomb; for n in $(seq 9); do cp --sparse=always bomb b$n; done",
    "many files": "mkdir many; cd many; seq 2100 | xargs touch",
}


def _refused(scripts: dict[str, str]) -> Callable[[Field], Awaitable[str]]:
    """Each script makes something that must not come out."""

    async def one(field: Field, name: str, script: str) -> None:
        async with field.sandbox() as sandbox:
            base = await sandbox.export(Tree())
            run = await sandbox.run(["bash", "-c", script])
            if run.exit_code:
                raise Breach(f"{name} was not made: {run.stderr[-200:]!r}")
            began = time.monotonic()
            try:
                await sandbox.export(base)
            except ArchiveRefused:
                if time.monotonic() - began > TIGHT_S:
                    raise Breach(f"{name} was refused late") from None
                return
            raise Breach(f"{name} came out")

    async def run(field: Field) -> str:
        for name, script in scripts.items():
            await one(field, name, script)
        return f"refused by name: {', '.join(scripts)}"

    return run


async def _swap(field: Field) -> str:
    async with field.sandbox() as sandbox:
        process = await sandbox.start(command("swap"))
        await process.receive(10)
        tries = answers = 0
        end = time.monotonic() + SWAPPING_S
        while time.monotonic() < end:
            for path in ("target", "folder/passwd"):
                tries += 1
                try:
                    data = await sandbox.read(path)
                except AntonError:
                    continue
                answers += 1
                if data != b"inside":
                    raise Breach(f"{path} was followed out of the workspace")
    if not answers:
        raise Breach("the race was never run")
    return f"{tries} reads, {answers} of them answered, none from outside"


async def _planted(field: Field) -> str:
    """What a host would import or run, if it ever worked in a tree from a sandbox."""
    probe = field.bait.folder / "ran-on-host"
    payload = f"open({str(probe)!r}, 'w').close()\n"
    files = {name: File(payload.encode()) for name in PLANTED}
    async with field.sandbox() as sandbox:
        base = await sandbox.export(Tree())
        await sandbox.write(Tree(files))
        await sandbox.run([PYTHON, "-B", "-c", "import json, sys; sys.path"])
        tree = await sandbox.export(base)
    if probe.exists():
        raise Breach("planted code wrote to the host")
    if any(tree.get(name) != file for name, file in files.items()):
        raise Breach("planted files did not come out as they are")
    return "they come out as bytes, and nothing ran them"


async def _poison(field: Field) -> str:
    async with field.sandbox() as first:
        held = verdict(await first.run(command("poison")))
    search = ["sh", "-c", 'find "$HOME" /tmp /dev/shm /opt/layer -name "*poison*" -o -name "*.pyc"']
    async with field.sandbox() as second:
        found = (await second.run(search)).stdout.decode().split()
    if found or (field.bait.layer / "__pycache__").exists():
        raise Breach(f"the next task finds {found}")
    return held


async def _terminal_codes(field: Field) -> str:
    async with field.sandbox() as sandbox:
        run = await sandbox.run(["printf", r"\033[2J\033]0;owned\007\342\200\256right\377"])
    text = shown(run)
    if not text.isascii() and any(not (sign.isprintable() or sign in "\n\t") for sign in text):
        raise Breach(f"it shows {text!r}")
    if "\x1b" in text or "\u202e" in text:
        raise Breach(f"it shows {text!r}")
    return "written out, acting on nothing"


async def _daemon(field: Field) -> str:
    async with field.sandbox() as sandbox:
        base = await sandbox.export(Tree())
        run = await sandbox.run(command("daemon"))
        if b"verdict" not in run.stdout:
            raise Breach(f"the attack itself ended as {run.end}: {run.stderr[-200:]!r}")
        before = await sandbox.export(base)
        await asyncio.sleep(0.4)
        after = await sandbox.export(base)
    late = [path for path in after if path.startswith("late-")]
    if before.id != after.id:
        raise Breach("the workspace changed after the verdict")
    return f"{len(late)} of them wrote before the verdict, none after"


ATTACKS = (
    Attack("S10", "links to files of the host", _refused(LINKS)),
    Attack("S11", "odd names", _refused(NAMES)),
    Attack("S12", "swap a file for a link while it is read", _swap),
    Attack("S13", "special files", _refused(SPECIAL)),
    Attack("S20", "go on after the verdict", _daemon),
    Attack("S22", "plant what a host would import", _planted),
    Attack("S23", "poison caches for the next task", _poison),
    Attack("S24", "plant what git would run", _refused(GIT)),
    Attack("S26", "an archive too large", _refused(ARCHIVES)),
    Attack("S27", "terminal codes in output", _terminal_codes),
)
