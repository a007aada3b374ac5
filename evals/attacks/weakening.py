"""Sandboxes weakened on purpose, one guard at a time: an attack that then fails proves nothing."""

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from evals.sandbox import ATTACKS, AttackResult, Ground, run_attack
from sandbox.limits import supervision

ALLOW_ALL = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
"""A filter of one instruction, BPF_RET with SECCOMP_RET_ALLOW."""
SECCOMP = "sandbox.seccomp:program"


@dataclass(frozen=True)
class Guard:
    """Something that holds an attack back, and how it is taken away."""

    backend: str
    name: str
    place: str
    """Module and attribute that hold it."""
    without: Callable[[Any], Any]
    """Gives what to put there in its stead."""
    attack_ids: tuple[str, ...]
    """Attacks that nothing else holds back."""


@dataclass(frozen=True)
class Weakened:
    """One attack on a sandbox that lacks one guard."""

    ground: str
    guard: str
    result: AttackResult


def _filters_nothing(program: object) -> Callable[..., bytes]:
    return lambda **how: ALLOW_ALL


def _watches_no_disk(made: object) -> Callable[..., dict[str, Any]]:
    return lambda *about, **more: supervision(*about, **{**more, "watch_disk": 0})


GUARDS = (
    Guard("bubblewrap", "the filter of system calls", SECCOMP, _filters_nothing, ("S9", "S18")),
    Guard(
        "bubblewrap",
        "a network of its own",
        "sandbox.walls:NAMESPACES",
        lambda namespaces: (*namespaces, "--share-net"),
        ("S8a",),
    ),
    Guard(
        "bubblewrap",
        "a name of its own",
        "sandbox.walls:NAMESPACES",
        lambda namespaces: tuple(w for w in namespaces if w not in ("--hostname", "sandbox")),
        ("S31",),
    ),
    Guard("docker", "the filter of system calls", SECCOMP, _filters_nothing, ("S9",)),
    Guard("docker", "settings of the network", "sandbox.container:SYSCTLS", lambda _: {}, ("S8a",)),
    Guard("docker", "masked files", "sandbox.container:MASKED", lambda _: (), ("S31",)),
    Guard("e2b", "the filter of system calls", SECCOMP, _filters_nothing, ("S9", "S16a", "S18")),
    Guard("e2b", "the watch over the disk", "sandbox.e2b:supervision", _watches_no_disk, ("S2c",)),
)


async def run_weakened(
    grounds: Iterable[Ground], guards: Iterable[Guard] = GUARDS
) -> list[Weakened]:
    """Take each guard away for the attacks that it holds back."""
    by_id = {attack.attack_id: attack for attack in ATTACKS}
    known = list(guards)
    found = []
    for ground in grounds:
        for guard in (one for one in known if one.backend == ground.provider.backend):
            with taken_away(guard):
                for attack_id in guard.attack_ids:
                    attack = by_id[attack_id]
                    result = await run_attack(ground.provider, attack, ground.options)
                    found.append(Weakened(ground.name, guard.name, result))
    return found


@contextmanager
def taken_away(guard: Guard) -> Iterator[None]:
    """Sandboxes that are opened in the block lack this guard."""
    module_name, _, attribute = guard.place.partition(":")
    module = import_module(module_name)
    held = getattr(module, attribute)
    setattr(module, attribute, guard.without(held))
    try:
        yield
    finally:
        setattr(module, attribute, held)
