"""What a model can do is found out by four tasks, and remembered."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models.health import table
from agents.models.options import ModelOptions
from agents.models.patience import Patience
from agents.models.probe import LOG_LINES, cost_of, probe, recalled
from agents.models.streams import Deadlines
from core.errors import BudgetExceeded, ModelUnavailable
from core.models import Capabilities
from tests.fakes.model_server import Act
from tests.fakes.ollama_server import OllamaServer
from tests.fakes.openai_server import OpenAIServer
from tests.unit.agents.models.house import KEY, House, house

STRONG = Capabilities(edits=True, answers=True, tools=True, context=True, probed=True)
GOOD_FILE = """FILE: greeting.py
```python
def greet(name):
    return "hello " + name


def part(name):
    return "bye " + name
```
"""
GOOD_ANSWER = '{"verdict": "real", "confidence": 0.8, "component": "basket"}'
GOOD_CALL = ("read_file", '{"path": "todo/store.py", "lines": 20}')


def task_of(body: Any) -> str:
    text = body["messages"][-1]["content"]
    if body.get("tools"):
        return "tools"
    if "word of the day" in text:
        return "context"
    return "answers" if "judge bug reports" in text else "edits"


def word_in(body: Any) -> str:
    text = body["messages"][-1]["content"]
    match = re.search(r"\b[0-9a-f]{8}\b", text.split("log of the day")[0])
    return match[0] if match else "unknown"


def able(body: Any) -> Act:
    """A model that does all four tasks well."""
    return {
        "edits": Act(text=GOOD_FILE),
        "answers": Act(text=GOOD_ANSWER),
        "tools": Act(text="", calls=(GOOD_CALL,)),
        "context": Act(text=f"The word is {word_in(body)}."),
    }[task_of(body)]


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        server.otherwise = able
        yield server


def options(url: str, model: str = "openai/double", **more: Any) -> ModelOptions:
    bases = {"openai": f"{url}/v1"} if model.startswith("openai") else {"ollama": url}
    given: dict[str, Any] = {
        "prices": {"openai/double": {"in": 10.0, "out": 20.0}},
        "deadlines": Deadlines(30, 30, 30),
        "patience": Patience(retries=0),
        "keys": {"OPENAI_API_KEY": KEY},
    }
    return ModelOptions(**{"model": model, "bases": bases, **given, **more})


async def probed(home: House) -> Capabilities:
    (name,) = home.roster.lines
    model, line = home.roster.alone(name, home.budgets), home.roster.lines[name]
    return await probe(model, line, home.stores.probes, home.roster.desk)


async def test_a_model_that_does_all_is_strong_and_remembered(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai.url)) as home:
        assert await probed(home) == STRONG
        assert table(home.roster)[0].ability.startswith("not probed")
        assert len(openai.asked) == 4
        assert openai.asked[3]["messages"][0]["content"].count("request") == LOG_LINES
    async with house(tmp_path, options(openai.url)) as home:
        model = home.roster.under(home.budgets).of("fix")
        assert model.capabilities == STRONG
        assert model.capabilities.strong
        assert table(home.roster)[0].ability == "strong"


@pytest.mark.parametrize(
    ("task", "act"),
    [
        ("edits", Act(text="Here you are: I corrected the spelling.")),
        ("edits", Act(text=GOOD_FILE.replace("hello", "hallo"))),
        ("edits", Act(text=GOOD_FILE.replace("bye", "goodbye"))),
        ("edits", Act(text="FILE: greeting.py\n```\ndef greet(name:\n```\n")),
        ("answers", Act(text="It is real, I am sure.")),
        ("answers", Act(text=GOOD_ANSWER.replace("real", "perhaps"))),
        ("answers", Act(text=GOOD_ANSWER.replace("0.8", '"high"'))),
        ("answers", Act(text=GOOD_ANSWER[:30])),
        ("tools", Act(text='{"name": "read_file", "arguments": {"path": "todo/store.py"}}')),
        ("tools", Act(text="", calls=(("read_file", '{"path": "todo/store.py"}'),))),
        ("tools", Act(text="", calls=(("read_file", '{"path": "todo/'),))),
        ("tools", Act(text="", calls=(GOOD_CALL, GOOD_CALL))),
        ("context", Act(text="unknown")),
        ("context", Act(status=400, error="This model's maximum context length is 8192 tokens")),
    ],
)
async def test_a_model_that_fails_one_task_is_weak(
    openai: OpenAIServer, tmp_path: Path, task: str, act: Act
) -> None:
    openai.otherwise = lambda body: act if task_of(body) == task else able(body)
    async with house(tmp_path, options(openai.url)) as home:
        assert await probed(home) == STRONG.but(**{task: False})


async def test_an_ollama_that_cuts_the_prompt_is_found_out(tmp_path: Path) -> None:
    with OllamaServer(context_max=4096) as ollama:
        ollama.otherwise = able
        async with house(tmp_path, options(ollama.url, "ollama/qwen3:8b")) as home:
            assert await probed(home) == STRONG.but(context=False)


async def test_a_task_without_an_answer_leaves_all_unknown(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.otherwise = lambda body: Act(status=503) if task_of(body) == "tools" else able(body)
    async with house(tmp_path, options(openai.url)) as home:
        with pytest.raises(ModelUnavailable):
            await probed(home)
        (line,) = home.roster.lines.values()
        assert await recalled(line, home.roster.desk, home.stores.probes) is None


async def test_it_is_forgotten_after_thirty_days_and_with_other_parameters(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai.url)) as home:
        await probed(home)
        (line,) = home.roster.lines.values()
        desk, probes = home.roster.desk, home.stores.probes
        home.clock.advance(30 * 86_400)
        assert await recalled(line, desk, probes) == STRONG
        home.clock.advance(1)
        assert await recalled(line, desk, probes) is None
    changed = options(openai.url, model_parameters={"openai/": {"temperature": 0.3}})
    async with house(tmp_path, changed) as home:
        assert home.roster.capabilities == {}


async def test_the_cost_is_known_before_anything_is_sent(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai.url)) as home:
        (line,) = home.roster.lines.values()
        cost = await cost_of(line)
        assert openai.asked == []
        assert cost.calls == 4
        assert cost.cost_usd is not None
        await probed(home)
        day = [event.data for event in await home.log.after(0) if event.type == "llm_end"]
        assert sum(end["tokens_in"] + end["tokens_out"] for end in day) <= 2 * cost.tokens
        assert sum(end["cost_usd"] for end in day) <= 2 * cost.cost_usd
    async with house(tmp_path / "other", options(openai.url, prices={})) as home:
        (line,) = home.roster.lines.values()
        assert (await cost_of(line)).cost_usd is None


async def test_a_probe_is_paid_like_any_call(openai: OpenAIServer, tmp_path: Path) -> None:
    dear = options(openai.url, prices={"openai/double": {"in": 1e6, "out": 1e6}})
    async with house(tmp_path, dear) as home:
        with pytest.raises(BudgetExceeded):
            await probed(home)
        assert openai.asked == []
