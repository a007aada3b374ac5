"""A command that shows a fault, as a test."""

import re
import shlex


def is_python(command: str) -> bool:
    """Whether a command is Python alone, which can be run in the process of a test."""
    try:
        return not re.search(r"[;&|<>$`\n]", command) and _in_process(shlex.split(command))
    except ValueError:
        return False


def _in_process(argv: list[str]) -> bool:
    if len(argv) < 2 or not re.fullmatch(r"(\S*/)?python[\d.]*", argv[0]):
        return False
    return argv[1] in ("-c", "-m") or not argv[1].startswith("-")


def command_test(command: str) -> str:
    """A test that runs a command: Python in this process, so that a search can follow it."""
    argv = shlex.split(command)
    lines = ['"""The reproduction that was given as a command."""', ""]
    if _in_process(argv):
        lines += ["import runpy", "import sys", "", "", "def test_reproduction(monkeypatch):"]
        if argv[1] == "-c" and len(argv) > 2:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {['-c', *argv[3:]]!r})")
            code = f"compile({argv[2]!r}, '<command>', 'exec')"
            lines += _run_as_main(f"exec({code}, {{'__name__': '__main__'}})")
        elif argv[1] == "-m" and len(argv) > 2:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {argv[2:]!r})")
            lines += _run_as_main(f"runpy.run_module({argv[2]!r}, run_name='__main__')")
        else:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {argv[1:]!r})")
            lines += _run_as_main(f"runpy.run_path({argv[1]!r}, run_name='__main__')")
    else:
        lines += ["import subprocess", "", "", "def test_reproduction():"]
        lines.append(f"    done = subprocess.run({argv!r}, capture_output=True, text=True)")
        lines.append("    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]")
    return "\n".join(lines) + "\n"


def _run_as_main(call: str) -> list[str]:
    return [
        "    try:",
        f"        {call}",
        "    except SystemExit as stop:",
        "        assert not stop.code, f'exit code {stop.code}'",
    ]
