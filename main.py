"""The commands: each is settings, wiring, and one call."""

import asyncio
import gc
import io
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal

from cli.arguments import parse

if TYPE_CHECKING:
    from config import Settings
    from control.anton import Anton

INTERRUPTED = 130

Driving = Literal["drives", "drives if free", "looks"]
"""Whether a process works on tasks; one alone may on the same data, others look and decide."""


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
        code = asyncio.run(COMMANDS[options.command](options))
        sys.stdout.flush()
        return code
    except SettingsInvalid as error:
        problem: AntonError = ConfigError(str(error), remedy="See .env.example for every option.")
    except AntonError as error:
        problem = error
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        sys.stdout = io.StringIO()  # what is left in its buffer cannot be written either
        problem = AntonError(
            f"The system refuses: {error.strerror or error}{where}.",
            remedy="See to the space, the rights and the output of this command; tasks are kept.",
        )
    Screen.here(json_only=bool(getattr(options, "json", False))).refuse(problem)
    return exits.of_error(problem)


def settings_for(*, serving: bool = False, **chosen: Any) -> "Settings":
    """The settings, fit for use; what is odd about them is said."""
    from cli.screen import Screen
    from config import load_settings, refuse_unsafe

    settings, warnings = load_settings(**chosen)
    refuse_unsafe(settings, serving=serving)
    for warning in warnings:
        Screen.here().note(f"warning: {warning}")
    return settings


def thinking(options: Namespace) -> dict[str, Any]:
    """What the command line says of models, over all that the environment says of them."""
    from config import MODEL_ROLES

    roles = dict.fromkeys((f"model_{role}" for role in MODEL_ROLES), "")
    model = {"model": options.model, **roles} if options.model else {}
    return {**model, "fix_engine": options.engine}


@contextmanager
def loading() -> Iterator[None]:
    """Import without looking for garbage: what modules make stays, and they are loaded sooner."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


@asynccontextmanager
async def house(
    settings: "Settings", driving: Driving, *, at_work: bool = False, checked: bool = True
) -> "AsyncIterator[Anton]":
    """Anton, wired by the settings, until the block ends; `at_work` takes tasks by itself.

    Unless it is `checked`, it goes without a sandbox as far as that leads.
    """
    with loading():
        import bootstrap
        from core.errors import StoreTaken

    bootstrap.set_up_logs(settings, quiet=not at_work)
    try:
        anton = await bootstrap.build(settings, drives=driving != "looks", checked=checked)
    except StoreTaken:
        if driving == "drives":
            raise
        anton = await bootstrap.build(settings, drives=False)
    try:
        await anton.start(drive=at_work)
        yield anton
    finally:
        await anton.stop()


async def fix(options: Namespace) -> int:
    """Repair a repository, here and now."""
    settings = settings_for(**thinking(options))
    with loading():
        from cli import fixing

    async with house(settings, "drives if free") as anton:
        return await fixing.fix(anton, options, attempts=settings.max_iterations)


async def demo(options: Namespace) -> int:
    """Repair the demo service in a temporary folder."""
    from cli.demo import Stage, play

    stage = Stage.set_up()
    async with house(settings_for(data_dir=stage.data), "drives") as anton:
        return await play(anton, stage, options)


async def serve(options: Namespace) -> int:
    """Answer REST and work on tasks."""
    settings = settings_for(serving=True, host=options.host, port=options.port)
    with loading():
        import bootstrap
        from api import server
        from cli.working import at

    with server.listen(settings.host, settings.port) as socket:
        async with (
            house(settings, "drives", at_work=True) as anton,
            bootstrap.listening(settings, anton) as telegram,
        ):
            await server.serve(
                bootstrap.rest(settings, anton, telegram),
                socket,
                trusted_proxies=settings.trusted_proxies,
                started=lambda: at(socket.getsockname()),
            )
    return 0


async def worker(options: Namespace) -> int:
    """Work on tasks without a face of its own; people are heard in their channels."""
    settings = settings_for()
    with loading():
        import bootstrap
        from cli import working

    async with house(settings, "drives", at_work=not options.once) as anton:
        if options.once:
            return await working.work(anton, options)
        async with bootstrap.listening(settings, anton):
            return await working.work(anton, options)


async def tasks(options: Namespace) -> int:
    """List tasks, or show, watch or cancel one."""
    settings = settings_for()
    with loading():
        from cli import showing

    driving: Driving = "drives if free" if options.cancel else "looks"
    async with house(settings, driving, checked=False) as anton:
        return await showing.tasks(anton, options)


async def approve(options: Namespace) -> int:
    """List what waits, or decide."""
    settings = settings_for()
    with loading():
        from cli import showing

    driving: Driving = "drives if free" if options.id else "looks"
    async with house(settings, driving, checked=False) as anton:
        return await showing.approve(anton, options)


async def export(options: Namespace) -> int:
    """Write what was recorded, to learn from."""
    settings = settings_for()
    async with house(settings, "looks") as anton:
        from cli import exporting

        return await exporting.export(anton, options)


async def doctor(options: Namespace) -> int:
    """Say what works here, and what to do about the rest."""
    import bootstrap
    from cli.doctor import Patient
    from cli.doctor import doctor as examine
    from cli.models import models as seen
    from cli.screen import Screen
    from config import SettingsInvalid, load_settings, refuse_unsafe

    async def stores(settings: "Settings") -> Mapping[str, str]:
        async with house(settings, "looks") as anton:
            audit = {"audit": await anton.audited()}
            return {**await anton.ready(), **audit, **await anton.remembers()}

    def models(settings: "Settings") -> "AsyncIterator[tuple[str, str, str, str]]":
        screen = Screen.here(json_only=options.json)
        return seen(bootstrap.models_of, settings, screen, probing=options.probe)

    settings: Settings | None = None
    warnings: Sequence[str] = ()
    problems: Sequence[str] = ()
    try:
        settings, warnings = load_settings()
        refuse_unsafe(settings, serving=False)
    except SettingsInvalid as error:
        problems = error.problems
    return await examine(
        Patient(
            settings,
            problems,
            warnings,
            bootstrap.sandbox_of,
            stores,
            models,
            bootstrap.channels_of,
        ),
        options,
    )


async def evaluate(options: Namespace) -> int:
    """Measure Anton, or what he is made of."""
    if options.suite == "time-to-pr":
        return await pace(options)
    from bootstrap.suites import SUITES

    return await SUITES[options.suite](options, settings_for)


async def pace(options: Namespace) -> int:
    """Say how long it took from reports to pull requests."""
    from control.pace import pace as measured
    from core.figures import BEGINNING
    from evals.pace import as_json, table
    from evals.report import heading

    since = options.since or BEGINNING
    async with house(settings_for(), "looks") as anton:
        found = measured(await anton.observatory.ways(since))
    if options.json:
        print(as_json(found, since))
        return 0
    command = "python main.py eval time-to-pr"
    if options.since:
        command += f" --since {since:%Y-%m-%d}"
    print(heading(command, seed=options.seed, count=found.tasks))
    print(f"\n{table(found)}")
    return 0


async def build(options: Namespace) -> int:
    """Say what a build needs."""
    from cli.building import model_required

    raise model_required()


COMMANDS: Mapping[str, Callable[[Namespace], Coroutine[Any, Any, int]]] = {
    "fix": fix,
    "demo": demo,
    "serve": serve,
    "worker": worker,
    "tasks": tasks,
    "approve": approve,
    "export": export,
    "doctor": doctor,
    "eval": evaluate,
    "build": build,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
