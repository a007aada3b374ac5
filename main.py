"""The commands: each is settings, wiring, and one call."""

import asyncio
import io
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cli.arguments import parse

if TYPE_CHECKING:
    from control.anton import Anton

INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    options = parse(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    from cli import exits
    from cli.screen import Screen
    from config import SettingsInvalid
    from core.errors import AntonError, ConfigError

    try:
        return asyncio.run(COMMANDS[options.command](options))
    except SettingsInvalid as error:
        problem: AntonError = ConfigError(str(error), remedy="See .env.example for every option.")
    except AntonError as error:
        problem = error
    except KeyboardInterrupt:
        return INTERRUPTED
    Screen.here(json_only=bool(getattr(options, "json", False))).refuse(problem)
    return exits.of_error(problem)


@asynccontextmanager
async def house(*, drive: bool, serving: bool = False, **chosen: Any) -> "AsyncIterator[Anton]":
    """Anton, wired by the settings, at work until the block ends."""
    import bootstrap

    from cli.screen import Screen
    from config import load_settings, refuse_unsafe

    settings, warnings = load_settings(**chosen)
    refuse_unsafe(settings, serving=serving)
    for warning in warnings:
        Screen.here().note(f"warning: {warning}")
    anton = await bootstrap.build(settings)
    try:
        await anton.start(drive=drive)
        yield anton
    finally:
        await anton.stop()


async def fix(options: Namespace) -> int:
    """Repair a repository, here and now."""
    from cli import fixing

    async with house(drive=False) as anton:
        return await fixing.fix(anton, options)


async def demo(options: Namespace) -> int:
    """Repair the demo service in a temporary folder."""
    from cli.demo import Stage, play

    stage = Stage.set_up()
    async with house(drive=False, data_dir=stage.data) as anton:
        return await play(anton, stage, options)


async def worker(options: Namespace) -> int:
    """Work on tasks without a face."""
    from cli import working

    async with house(drive=not options.once) as anton:
        return await working.work(anton, options)


async def tasks(options: Namespace) -> int:
    """List tasks, or show, watch or cancel one."""
    from cli import showing

    async with house(drive=False) as anton:
        return await showing.tasks(anton, options)


async def approve(options: Namespace) -> int:
    """List what waits, or decide."""
    from cli import showing

    async with house(drive=False) as anton:
        return await showing.approve(anton, options)


async def build(options: Namespace) -> int:
    """Say what a build needs."""
    from cli.building import model_required

    raise model_required()


COMMANDS: Mapping[str, Callable[[Namespace], Coroutine[Any, Any, int]]] = {
    command.__name__: command for command in (fix, demo, worker, tasks, approve, build)
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
