"""Sessions: they outlive a restart, and end with their key, by sign-out and by time."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.auth import Caller, Keys
from api.sessions import LASTS, SESSIONS_MAX, Sessions, cookie_of
from core.errors import StoreUnusable
from tests.fakes.clock import FakeClock

KEY = "kJ8f-2Lq9_xZp0Wm4TsV"


def operator(keys: Keys) -> Caller:
    found = keys.find(KEY.encode())
    assert found is not None
    return found


def test_a_session_outlives_a_restart_and_its_file_holds_neither_cookie_nor_key(
    tmp_path: Path,
) -> None:
    keys, clock, file = Keys(KEY), FakeClock(), tmp_path / "new" / "sessions.json"
    cookie = Sessions(keys, clock.now, file).begin(operator(keys))
    anew = Sessions(keys, clock.now, file)
    caller = anew.find(cookie)
    assert caller == operator(keys)
    assert caller is not None
    assert anew.still(caller)
    assert file.stat().st_mode & 0o777 == 0o600
    assert cookie not in file.read_text()
    assert KEY not in file.read_text()
    assert [one.name for one in file.parent.iterdir()] == ["sessions.json"]


def test_a_session_ends_by_sign_out(tmp_path: Path) -> None:
    keys, clock, file = Keys(KEY), FakeClock(), tmp_path / "sessions.json"
    sessions = Sessions(keys, clock.now, file)
    first, second = (sessions.begin(operator(keys)) for _ in range(2))
    caller = sessions.find(first)
    assert caller is not None
    sessions.end(caller.session)
    sessions.end(caller.session)
    assert not sessions.still(caller)
    for known in (sessions, Sessions(keys, clock.now, file)):
        assert known.find(first) is None
        assert known.find(second) is not None


def test_a_session_ends_with_its_key(tmp_path: Path) -> None:
    clock, file = FakeClock(), tmp_path / "sessions.json"
    cookie = Sessions(Keys(KEY), clock.now, file).begin(operator(Keys(KEY)))
    assert Sessions(Keys(f"{KEY}-changed"), clock.now, file).find(cookie) is None
    assert Sessions(Keys(), clock.now, file).find(cookie) is None


def test_a_session_ends_by_time() -> None:
    keys, clock = Keys(KEY), FakeClock()
    sessions = Sessions(keys, clock.now)
    cookie = sessions.begin(operator(keys))
    clock.advance((LASTS - timedelta(seconds=1)).total_seconds())
    assert sessions.find(cookie) is not None
    clock.advance(1)
    assert sessions.find(cookie) is None


def test_the_oldest_go_when_there_are_too_many() -> None:
    keys, clock = Keys(KEY), FakeClock()
    sessions = Sessions(keys, clock.now)
    cookies = []
    for _ in range(SESSIONS_MAX + 1):
        clock.advance(1)
        cookies.append(sessions.begin(operator(keys)))
    assert sessions.find(cookies[0]) is None
    assert all(sessions.find(cookie) for cookie in cookies[1:])


def test_a_file_that_is_damaged_signs_everybody_out(tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    file.write_text("{")
    keys, clock = Keys(KEY), FakeClock()
    sessions = Sessions(keys, clock.now, file)
    cookie = sessions.begin(operator(keys))
    assert Sessions(keys, clock.now, file).find(cookie) is not None


def test_a_session_that_cannot_be_kept_is_not_given_out(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    keys = Keys(KEY)
    sessions = Sessions(keys, FakeClock().now, tmp_path / "taken" / "sessions.json")
    with pytest.raises(StoreUnusable):
        sessions.begin(operator(keys))


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("anton_session=abc", "abc"),
        ("a=b; anton_session=abc; c=d", "abc"),
        ("", ""),
        ("anton_sessions=abc", ""),
        ("=;;\x00", ""),
    ],
)
def test_the_cookie_is_found_among_others(header: str, cookie: str) -> None:
    assert cookie_of(header) == cookie
