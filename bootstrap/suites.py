"""The measurements of `eval`, each wired to what it measures."""

from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping

from bootstrap.minds import benches, reader_of
from bootstrap.sandboxes import project_ground, sandbox_kind, sandbox_options
from bootstrap.trials import furnished, inhabited, scripted
from config import Settings

SettingsFor = Callable[..., Settings]
"""The settings, fit for use, with what is chosen on the way."""
Suite = Callable[[Namespace, SettingsFor], Awaitable[int]]
"""Measures, prints what was found, and gives the exit code."""


async def _repair(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.faults import load_faults
    from evals.report import repair_table, result_line
    from evals.suites.repair import run_suite

    settings = settings_for()
    faults = [fault for fault in load_faults() if fault.id.startswith(options.only)]
    _head(options, len(faults))
    async with benches(settings) as bench:
        found = await run_suite(
            faults, bench, seed=options.seed, told=lambda r: print(result_line(r), flush=True)
        )
    print(f"\n{repair_table(found)}")
    return 0


async def _validator(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.faults import load_faults
    from evals.validator.suite import drawn, run_suite
    from evals.validator.table import line, table

    settings = settings_for()
    faults = drawn(load_faults(), options.only, options.seed)
    _head(options, len(faults))
    async with benches(settings) as bench:
        found = await run_suite(
            faults,
            bench,
            only=options.only,
            seed=options.seed,
            told=lambda *said: print(line(*said), flush=True),
        )
    print(f"\nattempts              {len(found)}\n\n{table(found)}")
    return 0


async def _edits(options: Namespace, _: SettingsFor) -> int:
    from evals.faults import load_faults
    from evals.suites import edits

    sets = edits.sets(load_faults(), seed=options.seed, only=options.only)
    _head(options, sum(map(len, sets.values())))
    found = {name: [judged() for judged in cases] for name, cases in sets.items()}
    print(f"\n{edits.report(found)}")
    return int(any(outcome.wrong for some in found.values() for outcome in some))


async def _intents(options: Namespace, settings_for: SettingsFor) -> int:
    from control.words import Grammar
    from core.errors import ConfigError
    from core.intents import GRAMMAR
    from evals.phrases import load_phrases
    from evals.suites import intents

    phrases = [phrase for phrase in load_phrases() if phrase.id.startswith(options.only)]
    _head(options, len(phrases), f" --model {options.model}" if options.model else "")
    found = await intents.run_suite(phrases, Grammar())
    print(f"\n{intents.report(GRAMMAR, found)}", flush=True)
    async with reader_of(settings_for(model_orchestrator=options.model)) as (name, model):
        if model is None and options.model:
            raise ConfigError(f"No model serves as reader: {name}.")
        if model is not None:
            print(f"\n{name} reads {len(phrases)} phrases.", flush=True)
            read = await intents.run_suite(phrases, model)
            print(f"\n{intents.report(name, read)}")
            found += read
    return int(any(one.wrong_approval for one in found))


async def _sandbox(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.sandbox_report import more, run

    settings = settings_for()
    backend = options.backend or sandbox_kind(settings)
    _head(options, options.kills or 1, more(options, backend))
    return await run(options, backend, lambda kind: sandbox_options(settings, kind))


async def _injection(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.injection import suite, table
    from evals.injection.cases import CASES

    settings_for()
    _head(options, sum(case.id.startswith(options.only) for case in CASES))
    found = await suite.run_suite(
        furnished,
        only=options.only,
        told=lambda result: print(table.line(result), flush=True),
    )
    print(f"\n{table.table(found)}")
    return int(not table.holds(found))


async def _approvals(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.approvals import suite, table

    settings_for()
    _head(options, options.n)
    found = await suite.run_suite(
        inhabited,
        count=options.n,
        only=options.only,
        told=lambda cell: print(table.line(cell), flush=True),
    )
    print(f"\n{table.table(found)}")
    return int(not table.holds(found))


async def _overhead(options: Namespace, settings_for: SettingsFor) -> int:
    from evals import bus, call_log, overhead
    from evals.report import heading

    settings = settings_for()
    if options.model_latency is not None:
        return await _latency(options, settings)
    command = f"python main.py eval overhead --seed {options.seed}"
    print(heading(command, seed=options.seed, count=overhead.WAITING), flush=True)
    found = await overhead.run(scripted, seed=options.seed)
    print(f"\n{overhead.table(found)}", flush=True)
    heard = await bus.run(scripted)
    print(f"\n{bus.table(heard)}", flush=True)
    logged = await call_log.run(seed=options.seed)
    print(f"\n{call_log.table(logged)}")
    return int(not (found.ok and heard.ok and logged.ok))


async def _latency(options: Namespace, settings: Settings) -> int:
    from evals import latency
    from evals.report import heading

    command = f"python main.py eval overhead --model-latency {options.model_latency:g}"
    print(heading(command, seed=options.seed, count=1), flush=True)
    async with benches(settings) as bench:
        found = await latency.run(scripted, bench, latency_s=options.model_latency)
    print(f"\n{latency.table(found)}")
    return int(not found.ok)


async def _memory(options: Namespace, _: SettingsFor) -> int:
    from evals.memory import suite
    from evals.memory.stream import TASKS
    from evals.memory.table import table

    _head(options, suite.REPEATS * TASKS)
    found = await suite.run(options.seed)
    print(f"\n{table(found, options.seed)}")
    return int(not suite.holds(found))


async def _projects(options: Namespace, settings_for: SettingsFor) -> int:
    from evals.projects import suite, table
    from evals.projects.known import PROJECTS

    settings = settings_for()
    _head(options, len(PROJECTS))
    if not settings.sandbox_allow_host:
        print("outside               not compared: that runs foreign code on this machine, which")
        print("                      SANDBOX_ALLOW_HOST=true allows")
    print(f"\n{table.HEAD}", flush=True)
    found = await suite.run_suite(
        project_ground(settings),
        told=lambda row: print(table.line(row), flush=True),
        only=options.only,
    )
    print(f"\n{table.table(found)}")
    return int(any(row.differing for row in found))


def _head(options: Namespace, count: int, more: str = "") -> None:
    """Print all that is needed to repeat the measurement."""
    from evals.report import heading

    only = f" --only {options.only}" if options.only else ""
    command = f"python main.py eval {options.suite} --seed {options.seed}{only}{more}"
    print(heading(command, seed=options.seed, count=count), flush=True)


SUITES: Mapping[str, Suite] = {
    "repair": _repair,
    "validator": _validator,
    "edits": _edits,
    "intents": _intents,
    "sandbox": _sandbox,
    "injection": _injection,
    "approvals": _approvals,
    "overhead": _overhead,
    "memory": _memory,
    "projects": _projects,
}
"""By the name on the command line; `time-to-pr` reads what stands, and is a command of its own."""
