"""The model that plays from a file."""

from pathlib import Path
from typing import Any

import pytest

from agents.models.attempts import AttemptFailed, Request
from agents.models.providers import Endpoint, provider_of
from agents.models.scripted import ScriptedAttempts, ScriptExhausted, read_script
from core.errors import ConfigError
from core.models import Message, ModelCall, Tokens
from tests.fakes.clock import FakeClock

SCRIPT = """
[[reply]]
role = "qa"
text = "a test"

[[reply]]
text = "first"
delay_s = 2.5
usage = {sent = 900, received = 40, cached = 100}

[[reply]]
node = "fix"
calls = [{name = "grep", arguments = {text = "total"}}, {name = "odd", arguments = "{not json"}]

[[reply]]
status = 429
retry_after_s = 7

[[reply]]
role = "scribe"
text = "again"
repeat = true
"""


def request(role: str, node: str = "", task_id: str = "t1") -> Request:
    said = (Message(author="user", text="?"),)
    call = ModelCall(role=role, node=node, task_id=task_id, messages=said)
    return Request(call, prompt_tokens=12, max_tokens=100)


def player(tmp_path: Path, script: str, clock: FakeClock | None = None) -> ScriptedAttempts:
    file = tmp_path / "script.toml"
    file.write_text(script)
    name = f"scripted/{file}"
    endpoint = Endpoint(name, provider_of(name), local=True)
    return ScriptedAttempts(endpoint, read_script(file), clock or FakeClock(running=True))


async def test_replies_are_played_in_order_to_those_they_are_meant_for(tmp_path: Path) -> None:
    clock = FakeClock(running=True)
    model = player(tmp_path, SCRIPT, clock)
    first = await model.send(request("fix", "fix"))
    assert (first.text, clock.slept) == ("first", [2.5])
    assert first.tokens == Tokens(sent=900, received=40, cached=100)
    assert (await model.send(request("qa"))).text == "a test"
    wish = await model.send(request("fix", "fix"))
    assert wish.finish == "tool_calls"
    assert [(call.name, call.arguments) for call in wish.calls] == [
        ("grep", '{"text": "total"}'),
        ("odd", "{not json"),
    ]
    with pytest.raises(AttemptFailed) as caught:
        await model.send(request("fix", "fix"))
    assert (caught.value.trouble, caught.value.retry_after_s) == ("transient", 7)
    for _ in range(3):
        assert (await model.send(request("scribe"))).text == "again"
    with pytest.raises(ScriptExhausted, match="no reply left for role 'fix' at node 'fix'"):
        await model.send(request("fix", "fix"))


async def test_each_task_sees_the_whole_script(tmp_path: Path) -> None:
    model = player(tmp_path, SCRIPT)
    for task_id in ("t1", "t2"):
        assert (await model.send(request("fix", task_id=task_id))).text == "first"


async def test_what_is_not_told_is_counted(tmp_path: Path) -> None:
    answer = await player(tmp_path, SCRIPT).send(request("qa"))
    assert answer.tokens == Tokens(sent=12, received=2, estimated=True)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("[[reply]\n", "neither TOML nor JSON"),
        ("[[reply]]\ntxet = 'x'\n", r"does not fit at reply\.0\.txet"),
        ("[[reply]]\nstatus = 42\n", r"reply\.0\.status"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_script_says_where(tmp_path: Path, script: Any, said: str) -> None:
    file = tmp_path / "script.toml"
    if script is not None:
        file.write_text(script)
    with pytest.raises(ConfigError, match=said):
        read_script(file)


def test_a_script_may_be_json(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text('{"window": 4000, "reply": [{"text": "x"}]}')
    assert read_script(file).window == 4000
