"""The commands and their options, from the standard library alone: help costs no import."""

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, cast

PROGRAM = "main.py"
ENGINES = ("auto", "workflow", "tools", "offline")
EXIT_CODES = """exit codes:
  0  the right outcome: fixed, already_fixed, not_a_code_fault, duplicate, noise
  1  failed, cannot_reproduce, rejected, cancelled; an error
  2  wrong usage or configuration
  3  needs a person or means: waiting, needs_information, blocked, out_of_budget
  4  fixed, but not verified"""


class Parser(argparse.ArgumentParser):
    """An argument parser that names the nearest thing it knows."""

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Options of the chosen command; what is wrong ends the program with exit code 2."""
        options, unknown = self.parse_known_args(argv)
        if unknown:
            chosen = self.chosen(options.command)
            chosen.error(f"unknown {_kind(unknown[0])} {unknown[0]!r}{chosen.nearest(unknown[0])}")
        return options

    def chosen(self, command: str) -> "Parser":
        """The parser of one command."""
        choices = next(
            action.choices
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        return cast(Parser, choices[command])

    def nearest(self, word: str) -> str:
        """`; did you mean …?`, when something is near."""
        known = [option for action in self._actions for option in action.option_strings]
        return did_you_mean(word.partition("=")[0], known)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to see what is right."""
        print(f"{self.prog}: {message}", file=sys.stderr)
        print(f"See: python {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean …?` for the nearest of the known words; empty when none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _kind(word: str) -> str:
    return "option" if word.startswith("-") else "argument"


@dataclass(frozen=True)
class Command:
    """One command as `--help` shows it."""

    name: str
    purpose: str
    example: str
    options: Callable[[argparse.ArgumentParser], object]


def parser() -> Parser:
    """The parser of the whole program."""
    examples = "\n".join(f"  python {PROGRAM} {command.example}" for command in COMMANDS)
    root = Parser(
        prog=PROGRAM,
        description="Anton, an on-call engineer: a bug report in, a proven fix out.",
        epilog=f"an example of each:\n{examples}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = root.add_subparsers(dest="command", metavar="command", parser_class=Parser)
    for command in COMMANDS:
        command.options(
            commands.add_parser(
                command.name,
                help=command.purpose,
                description=f"{command.purpose[0].upper()}{command.purpose[1:]}.",
                epilog=f"example:\n  python {PROGRAM} {command.example}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
                allow_abbrev=False,
            )
        )
    return root


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The chosen command and its options."""
    root = parser()
    names = [command.name for command in COMMANDS]
    first = next((word for word in argv if not word.startswith("-")), "")
    if first and first not in names:
        root.error(f"unknown command {first!r}{did_you_mean(first, names)}")
    options = root.parse(argv)
    if options.command is None:
        root.print_help(sys.stderr)
        raise SystemExit(2)
    return options


def _serve(to: argparse.ArgumentParser) -> None:
    to.add_argument("--host", help="address to listen on (HOST)")
    to.add_argument("--port", type=int, help="port to listen on (PORT)")


def _fix(to: argparse.ArgumentParser) -> None:
    to.add_argument("repo", metavar="REPO", help="path of a git repository, or a host's URL of one")
    to.add_argument("ticket", metavar="TICKET", help="the report: words, a file, or - for stdin")
    to.add_argument(
        "--test", action="append", default=[], metavar="ID", help="a test that shows the fault"
    )
    to.add_argument(
        "--repro", default="", metavar="CMD", help="a command that fails while it is there"
    )
    to.add_argument("--base", default="", metavar="REF", help="where to start from (default: HEAD)")
    to.add_argument("--revision", default="", metavar="REF", help="where the fault was seen")
    to.add_argument("--worktree", action="store_true", help="read uncommitted work too")
    to.add_argument("--model", metavar="NAME", help="the model of every role (MODEL)")
    to.add_argument("--engine", choices=ENGINES, help="how a fix is made (FIX_ENGINE)")
    to.add_argument("--budget", type=_amount, metavar="USD", help="what models may cost")
    to.add_argument("--seed", type=int, default=0, metavar="N", help="of the search (default: 0)")
    to.add_argument("--yes", action="store_true", help="approve a proven fix without asking")
    to.add_argument("--json", action="store_true", help="one JSON object on stdout, else nothing")
    to.add_argument("--patch-out", metavar="FILE", help="write the diff there too")


def _demo(to: argparse.ArgumentParser) -> None:
    to.add_argument("--ticket", metavar="FILE", help="another report (default: BUG-42)")
    to.add_argument("--fast", action="store_true", help="give the approval without asking")


def _worker(to: argparse.ArgumentParser) -> None:
    to.add_argument("--once", action="store_true", help="do what is due, then end")


def _doctor(to: argparse.ArgumentParser) -> None:
    to.add_argument("--probe", action="store_true", help="find out what the models can do")
    to.add_argument("--json", action="store_true", help="the findings as one JSON object")


def _tasks(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "id", nargs="?", metavar="ID", help="a task, the first digits will do, or: latest"
    )
    how = to.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="follow it until it waits or ends")
    how.add_argument("--cancel", action="store_true", help="stop it")
    how.add_argument("--graph", action="store_true", help="draw its workflow, as Mermaid")
    how.add_argument("--demo", action="store_true", help="see live what waits for consent")


def _approve(to: argparse.ArgumentParser) -> None:
    to.add_argument("id", nargs="?", metavar="ID", help="an approval or a task; without: list them")
    how = to.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="approve")
    how.add_argument("--feedback", metavar="TEXT", help="request changes, in these words")
    how.add_argument("--reject", metavar="TEXT", help="reject, for this reason")
    to.add_argument("--hash", default="", metavar="H", help="decide only on this patch hash")


def _export(to: argparse.ArgumentParser) -> None:
    to.add_argument("what", choices=EXPORTS, metavar="WHAT", help=f"one of: {', '.join(EXPORTS)}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _eval(to: argparse.ArgumentParser) -> None:
    to.add_argument("suite", choices=SUITES, metavar="SUITE", help=f"one of: {', '.join(SUITES)}")
    to.add_argument("--seed", type=int, default=0, metavar="N", help="of the search (default: 0)")
    to.add_argument(
        "--n",
        type=_positive,
        default=50,
        metavar="N",
        help="approvals: questions that wait at once",
    )
    to.add_argument("--only", default="", metavar="ID", help="what has an id that begins so")
    to.add_argument(
        "--model-latency",
        type=_seconds,
        metavar="S",
        help="overhead: time one repair in which each model call takes S seconds",
    )
    to.add_argument(
        "--model", metavar="NAME", help="intents: the model that reads too (MODEL_ORCHESTRATOR)"
    )
    to.add_argument(
        "--since", type=_moment, metavar="DATE", help="time-to-pr: tasks from this day on (UTC)"
    )
    to.add_argument("--json", action="store_true", help="time-to-pr: one JSON object")
    to.add_argument(
        "--backend",
        metavar="NAME",
        help="sandbox: which kind, or `all` that hold something (default: the chosen one)",
    )
    to.add_argument(
        "--kills",
        type=_positive,
        metavar="N",
        help="sandbox: kill so many servers that run sandboxes, and count what is left",
    )
    to.add_argument(
        "--speed",
        action="store_true",
        help="sandbox: milliseconds per command and test run, against a bare subprocess",
    )
    to.add_argument(
        "--weakened",
        action="store_true",
        help="sandbox: take guards away on purpose; the attacks must then get through",
    )


def _build(to: argparse.ArgumentParser) -> None:
    to.add_argument("sentence", nargs="*", metavar="SENTENCE", help="what to build")


def _amount(text: str) -> float:
    amount = float(text)
    if not 0 <= amount <= 10_000:
        raise argparse.ArgumentTypeError("an amount from 0 to 10000, in US dollars")
    return amount


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day such as 2026-03-01, or a moment") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 600:
        raise argparse.ArgumentTypeError("seconds, more than 0 and at most 600")
    return seconds


SUITES = (
    "repair",
    "validator",
    "edits",
    "intents",
    "sandbox",
    "injection",
    "approvals",
    "overhead",
    "time-to-pr",
    "memory",
    "projects",
)

EXPORTS = ("interactions", "preferences", "incidents", "golden")

COMMANDS = (
    Command(
        "demo", "repair a small service, here and now; offline unless a model is set", "demo", _demo
    ),
    Command(
        "fix",
        "repair a repository: a report in, a branch out; no server, no account",
        'fix ~/shop "Completing an order twice reopens it" --test tests/test_orders.py::test_twice',
        _fix,
    ),
    Command("serve", "answer REST and work on tasks", "serve --port 8000", _serve),
    Command("worker", "work on tasks, without a face", "worker --once", _worker),
    Command("tasks", "list tasks, show, watch or cancel one", "tasks latest --watch", _tasks),
    Command(
        "approve", "list what waits for consent, or decide", "approve 1f3a9c02 --yes", _approve
    ),
    Command("export", "write what was recorded as JSON Lines", "export preferences", _export),
    Command("doctor", "say what works here, and what to do about the rest", "doctor", _doctor),
    Command("eval", "measure Anton", "eval repair", _eval),
    Command("build", "build an application; needs a model", 'build "a URL shortener"', _build),
)
