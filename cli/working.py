"""The command `worker`: tasks are driven, and nobody is spoken to."""

import argparse
import asyncio
import signal

from cli import exits
from cli.screen import Screen
from control.anton import Anton


def at(address: tuple[str, int]) -> None:
    """Say where the server answers."""
    host, port = address[:2]
    shown = f"[{host}]" if ":" in host else host
    Screen.here().note(f"serving http://{shown}:{port}, described at /docs; Ctrl-C stops", "bold")


async def stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked.set)
    try:
        await asked.wait()
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)


async def work(anton: Anton, options: argparse.Namespace) -> int:
    """Work until told to stop, the step at work first; or, once, on what is due now."""
    if options.once:
        Screen.here().note(f"worker: {await anton.work_once()} tasks driven")
        return exits.DONE
    Screen.here().note("worker: at work; Ctrl-C ends it after the step at work")
    await stopped()
    return exits.DONE
