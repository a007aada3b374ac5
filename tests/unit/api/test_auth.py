"""Keys and tickets: who gets in, for what, and for how long."""

import hashlib
import os
from pathlib import Path

import pytest

from api.auth import LOCAL, Caller, Keys, Scope, Tickets, main, new_key, read_keys
from core.errors import ConfigError
from tests.fakes.clock import FakeClock

OPERATOR = "kJ8f-2Lq9_xZp0Wm4TsV"


def key_file(folder: Path, *lines: str) -> Path:
    file = folder / "keys"
    file.write_text("\n".join(lines))
    return file


def touch(file: Path, text: str) -> None:
    """Rewrite a file so that its time of change surely differs."""
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 1_000_000, before + 1_000_000))


def test_without_any_key_nobody_has_to_show_one() -> None:
    keys = Keys()
    assert not keys.required
    assert keys.find(b"") is None
    assert keys.still(LOCAL)


def test_the_operator_may_do_everything() -> None:
    operator = Keys(OPERATOR).find(OPERATOR.encode())
    assert operator is not None
    assert all(operator.may(scope) for scope in Scope)
    assert operator.person.channel == "rest"


@pytest.mark.parametrize("wrong", [b"", b"x", OPERATOR[:-1].encode(), OPERATOR.upper().encode()])
def test_a_wrong_key_is_nobody(wrong: bytes) -> None:
    assert Keys(OPERATOR).find(wrong) is None


def test_bytes_that_are_no_text_are_compared_all_the_same() -> None:
    assert Keys(OPERATOR).find(b"\xff\xfe\x00") is None


def test_keys_are_held_as_digests_only() -> None:
    assert OPERATOR not in repr(vars(Keys(OPERATOR)))


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        ([Scope.READ], {Scope.READ}),
        ([Scope.OPERATE], {Scope.READ, Scope.OPERATE}),
        ([Scope.APPROVE], {Scope.READ, Scope.APPROVE}),
        ([Scope.ADMIN], set(Scope)),
    ],
)
def test_a_scope_opens_itself_and_reading(
    tmp_path: Path, scopes: list[Scope], may: set[Scope]
) -> None:
    key, line = new_key("ci", scopes)
    caller = Keys(file=key_file(tmp_path, "# keys", "", line)).find(key.encode())
    assert caller is not None
    assert {scope for scope in Scope if caller.may(scope)} == may
    assert caller.person.person_id == "ci"


@pytest.mark.parametrize(
    "line",
    [
        "ci",
        "ci:read",
        "ci:read:abc",
        f"ci:fly:{'0' * 64}",
        f":read:{'0' * 64}",
        f"a b:read:{'0' * 64}",
        f"operator:read:{'0' * 64}",
        f"local:read:{'0' * 64}",
        f"ci:read:{'0' * 64}\nci:read:{'1' * 64}",
    ],
)
def test_an_odd_line_is_a_configuration_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError):
        Keys(file=key_file(tmp_path, line))


def test_a_missing_or_unreadable_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Keys(file=tmp_path / "none")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xff")
    with pytest.raises(ConfigError):
        read_keys(binary)


def test_a_removed_key_is_out_at_once_and_a_new_one_in(tmp_path: Path) -> None:
    old, old_line = new_key("old", [Scope.READ])
    new, new_line = new_key("new", [Scope.APPROVE])
    file = key_file(tmp_path, old_line)
    keys = Keys(OPERATOR, file)
    before = keys.find(old.encode())
    assert before is not None
    touch(file, new_line)
    assert not keys.still(before)
    assert keys.find(old.encode()) is None
    assert keys.find(new.encode()) is not None


def test_fewer_scopes_end_what_was_let_in_with_more(tmp_path: Path) -> None:
    key, line = new_key("ci", [Scope.READ, Scope.APPROVE])
    file = key_file(tmp_path, line)
    keys = Keys(file=file)
    before = keys.find(key.encode())
    assert before is not None
    touch(file, line.replace("read,approve", "read"))
    assert not keys.still(before)


def test_a_file_that_breaks_later_shuts_its_keys_out_and_keeps_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key, line = new_key("ci", [Scope.READ])
    file = key_file(tmp_path, line)
    keys = Keys(OPERATOR, file)
    touch(file, "garbage")
    assert keys.find(key.encode()) is None
    assert keys.find(OPERATOR.encode()) is not None
    assert "shut out" in caplog.text
    file.unlink()
    assert keys.required
    assert keys.find(key.encode()) is None


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets(FakeClock().monotonic)
    ticket = tickets.issue(LOCAL).encode()
    assert tickets.redeem(ticket) == LOCAL
    assert tickets.redeem(ticket) is None
    assert tickets.redeem(b"made up") is None


@pytest.mark.parametrize(("seconds", "good"), [(29.9, True), (30.0, False)])
def test_a_ticket_ages(seconds: float, good: bool) -> None:
    clock = FakeClock()
    tickets = Tickets(clock.monotonic)
    ticket = tickets.issue(LOCAL).encode()
    clock.advance(seconds)
    assert (tickets.redeem(ticket) is not None) is good


def test_unused_tickets_do_not_pile_up() -> None:
    tickets = Tickets(FakeClock().monotonic)
    first = tickets.issue(LOCAL).encode()
    for _ in range(1_000):
        tickets.issue(Caller("ci", frozenset({Scope.READ})))
    assert tickets.redeem(first) is None


def test_the_command_prints_a_key_and_the_line_that_lets_it_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["ci", "read", "approve"])
    key, line = (row.partition(": ")[2] for row in capsys.readouterr().out.splitlines())
    assert hashlib.sha256(key.encode()).hexdigest() in line
    assert Keys(file=key_file(tmp_path, line)).find(key.encode()) is not None


def test_the_command_refuses_a_name_that_a_file_could_not_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("operator", "a:b"):
        with pytest.raises(SystemExit):
            main([name, "read"])
    assert "name" in capsys.readouterr().err
