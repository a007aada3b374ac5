"""Attacks that use up the machine: processes, memory, disk, time, output."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from core.evidence import RunEnd
from core.ports import Limits, Run
from evals.attacks.field import LIMITS, MIB, Attack, Breach, Field

PAGE = os.sysconf("SC_PAGE_SIZE")
SLACK_S = 2.0
AT_ONCE = 50


def _ended(run: Run, *allowed: RunEnd) -> str:
    if run.end not in allowed:
        raise Breach(f"ended as {run.end} after {run.seconds:.1f} s: {run.stderr[-200:]!r}")
    return f"{run.end} after {run.seconds:.1f} s"


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def _calm(before: int) -> None:
    if _resident() - before > 64 * MIB:
        raise Breach(f"the server grew by {(_resident() - before) // MIB} MiB")


def _exhausts(
    program: str, *allowed: RunEnd, limits: Limits = LIMITS
) -> Callable[[Field], Awaitable[str]]:
    async def run(field: Field) -> str:
        before = _resident()
        held = _ended(await field.run(program, limits), *allowed)
        _calm(before)
        return held

    return run


def _lingers(program: str) -> Callable[[Field], Awaitable[str]]:
    async def run(field: Field) -> str:
        limits = replace(LIMITS, wall_s=1.0)
        began = time.monotonic()
        held = _ended(await field.run(program, limits), RunEnd.TIMEOUT)
        if time.monotonic() - began > limits.wall_s + SLACK_S:
            raise Breach("it took too long to end")
        return held

    return run


async def _flood(field: Field) -> str:
    before = _resident()
    run = await field.run("flood")
    if run.dropped_bytes < (1 << 30) - 2 * LIMITS.output_bytes or run.end is not RunEnd.PASSED:
        raise Breach(f"{run.end}, {run.dropped_bytes} bytes dropped")
    if len(run.stdout) > 2 * LIMITS.output_bytes:
        raise Breach(f"{len(run.stdout)} bytes were kept")
    _calm(before)
    return f"{run.dropped_bytes >> 20} MiB dropped in {run.seconds:.1f} s"


async def _crowd(field: Field) -> str:
    async def one() -> Run:
        async with field.sandbox() as sandbox:
            return await sandbox.run(["true"])

    async with asyncio.timeout(90):
        runs = await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    for run in runs:
        _ended(run, RunEnd.PASSED)
    return f"{AT_ONCE} took turns"


MANY_FILES = replace(LIMITS, memory_bytes=512 * MIB)

ATTACKS = (
    Attack("S1", "fork bomb", _exhausts("fork_bomb", RunEnd.LIMIT_PROCESSES), harms_host=True),
    Attack("S2a", "memory bomb", _exhausts("memory_bomb", RunEnd.LIMIT_MEMORY), harms_host=True),
    Attack(
        "S2b",
        "memory bomb by memfd",
        # Without a control group there is no memfd, and the program fails by itself.
        _exhausts("memfd_bomb", RunEnd.LIMIT_MEMORY, RunEnd.FAILED),
        harms_host=True,
    ),
    Attack(
        "S2c",
        "memory bomb by temporary files",
        _exhausts("disk_bomb", RunEnd.LIMIT_DISK, RunEnd.LIMIT_MEMORY),
        harms_host=True,
    ),
    Attack(
        "S2d",
        "memory bomb by socket buffers",
        lambda field: field.probe("socket_bomb"),
        harms_host=True,
        beside={"e2b": "the kernel that keeps them is the machine's own, and ends with it"},
    ),
    Attack(
        "S3a",
        "a million files",
        _exhausts("file_bomb", RunEnd.LIMIT_DISK, RunEnd.LIMIT_MEMORY, limits=MANY_FILES),
        harms_host=True,
    ),
    Attack(
        "S3b",
        "a place or file without limit",
        lambda field: field.probe("boundless_place"),
        beside={"e2b": "the disk is the machine's own; S2c and S3a show what is held on it"},
    ),
    Attack("S4a", "spin, deaf to signals", _lingers("spin")),
    Attack("S4b", "stop oneself", _lingers("stop_oneself")),
    Attack("S5", "1 GiB of binary output without a line end", _flood),
    Attack("S21", "thousands of orphans", lambda field: field.probe("orphans")),
    Attack("S30", f"{AT_ONCE} sandboxes at once", _crowd),
)
