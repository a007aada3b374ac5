"""Help costs nothing, and what is mistyped is named."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.arguments import COMMANDS, parse, parser

ROOT = Path(__file__).parents[3]
HEAVY = ("langgraph", "litellm", "fastapi", "rich", "libcst", "pydantic", "config", "bootstrap")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n"
        f"    print([m for m in {HEAVY!r} if m in sys.modules], end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[] 0\n")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_an_example_that_parses(command) -> None:
    options = parse(shlex.split(command.example))
    assert options.command == command.name
    for help_text in (parser().format_help(), parser().chosen(command.name).format_help()):
        assert f"main.py {command.example}" in help_text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["fxi"], "unknown command 'fxi'; did you mean fix?"),
        (["taks", "--watch"], "did you mean tasks?"),
        (["xylophone"], "unknown command 'xylophone'\n"),
        (["fix", ".", "boom", "--tset", "x"], "unknown option '--tset'; did you mean --test?"),
        (["fix", ".", "boom", "--base-ref=x"], "did you mean --base?"),
        (["demo", "--zzzzzz"], "unknown option '--zzzzzz'\n"),
        (["demo", "surplus"], "unknown argument 'surplus'"),
        (["fix", "."], "required: TICKET"),
        (["fix", ".", "boom", "--budget", "many"], "--budget"),
        (["fix", ".", "boom", "--budget", "-1"], "0 to 10000"),
        (["approve", "x", "--yes", "--reject", "no"], "not allowed with"),
    ],
)
def test_what_is_mistyped_is_named_with_the_nearest_thing(
    typed: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(typed)
    assert end.value.code == 2
    output = capsys.readouterr()
    assert said in output.err
    assert output.out == ""


def test_no_command_shows_them_all_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([])
    assert end.value.code == 2
    output = capsys.readouterr().err
    assert [command.name for command in COMMANDS if command.name not in output] == []


def test_options_are_not_guessed_from_their_beginnings() -> None:
    with pytest.raises(SystemExit):
        parse(["fix", ".", "boom", "--wor"])


def test_fix_takes_every_option() -> None:
    options = parse(
        [
            *("fix", "repo", "-", "--test", "a", "--test", "b", "--repro", "make x"),
            *("--base", "main", "--revision", "v1", "--worktree", "--engine", "offline"),
            *("--model", "ollama_chat/qwen3:8b"),
            *("--budget", "1.5", "--seed", "7", "--yes", "--json", "--patch-out", "p.diff"),
        ]
    )
    assert vars(options) == {
        "command": "fix",
        "repo": "repo",
        "ticket": "-",
        "test": ["a", "b"],
        "repro": "make x",
        "base": "main",
        "revision": "v1",
        "worktree": True,
        "engine": "offline",
        "model": "ollama_chat/qwen3:8b",
        "budget": 1.5,
        "seed": 7,
        "yes": True,
        "json": True,
        "patch_out": "p.diff",
    }
