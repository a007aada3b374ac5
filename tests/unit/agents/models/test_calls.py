"""Calls as roles make them: retried, led to fallbacks, within budgets, told to the event log."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models.health import about, degraded
from agents.models.options import ModelOptions
from agents.models.patience import Patience
from agents.models.streams import Deadlines
from agents.models.telling import PREVIEW_CHARS
from agents.models.waiting import Waits
from core import figures
from core.budgets import Ceilings
from core.errors import BudgetExceeded, ConfigError, ModelUnavailable, PromptTooLong
from core.models import Message, ModelCall, ToolCall
from observability.live import LIVE_EVERY_S, Viewer
from tests.fakes.clock import FakeClock
from tests.fakes.model_server import Act, busy
from tests.fakes.ollama_server import OllamaServer
from tests.fakes.openai_server import OpenAIServer
from tests.unit.agents.models.house import KEY, house

AWAY = Act(status=503)
PROMPT = (Message(author="system", text="Be brief."), Message(author="user", text="Go."))


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        yield server


def options(openai: OpenAIServer, ollama: OllamaServer | None = None, **more: Any) -> ModelOptions:
    bases = {"openai": f"{openai.url}/v1"} | ({"ollama": ollama.url} if ollama else {})
    given: dict[str, Any] = {
        "model": "openai/double",
        "bases": bases,
        "keys": {"OPENAI_API_KEY": KEY},
        "prices": {"openai/double": {"in": 10.0, "out": 20.0}},
        "deadlines": Deadlines(30, 30, 30),
    }
    return ModelOptions(**{**given, **more})


async def until(
    reached: Callable[[], object], meanwhile: Callable[[], None] = lambda: None
) -> None:
    for _ in range(6000):
        if reached():
            return
        meanwhile()
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to pass")


async def test_no_configured_secret_reaches_a_model(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.script(Act(text="It is real."))
    encoded = b64encode(f"user:{KEY}".encode()).decode()
    said = f"TOKEN = {KEY!r}\nHEADER = {encoded!r}\ntoken = following_token\n"
    tried = ToolCall(call_id="1", name="grep", arguments=json.dumps({"text": KEY}))
    messages = (
        Message(author="user", text=said),
        Message(author="assistant", calls=(tried,)),
        Message(author="tool", text=f"config.py:1: {KEY}", call_id="1"),
    )
    async with house(tmp_path, options(openai)) as home:
        await home.ask(messages=messages)
    sent = json.dumps(openai.asked[-1])
    assert KEY not in sent
    assert b64encode(KEY.encode()).decode()[4:-4] not in sent
    assert "TOKEN = '[secret]'" in sent
    assert "token = following_token" in sent


async def test_a_call_is_answered_paid_and_told(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.script(Act(text=f"It is real. {KEY}", prompt_tokens=1000, cached_tokens=100))
    async with house(tmp_path, options(openai)) as home:
        reply = await home.ask()
        assert (reply.model, reply.attempts, reply.finish) == ("openai/double", 1, "stop")
        assert reply.cost_usd == pytest.approx(0.01, abs=0.001)
        stands = await home.budgets.standing(home.task_id)
        assert stands.spent_usd == pytest.approx(reply.cost_usd)
        assert stands.spent_tokens == reply.tokens.sent + reply.tokens.received
        start, end = await home.events()
    assert (start.type, end.type, end.role) == ("llm_start", "llm_end", "fix")
    assert start.data["call_id"] == end.data["call_id"]
    assert start.data["prompt_preview"] == "The total is wrong."
    assert (start.data["prompt_chars"], start.data["attempt"], start.data["node"]) == (19, 1, "fix")
    assert end.data["ok"] is True
    assert (end.data["tokens_in"], end.data["tokens_cached"]) == (1000, 100)
    assert end.data["response_preview"].startswith("It is real. ")
    assert KEY not in str(end.data)
    assert end.data["stop_reason"] == "stop"
    assert end.data["first_token_ms"] >= 0


async def test_no_part_of_a_secret_stands_where_a_prompt_is_cut_for_its_event(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(text="It is real."))
    for shown in (len(KEY) - 1, len(KEY) // 2):
        said = "x" * (PREVIEW_CHARS - shown) + KEY + " and more"
        async with house(tmp_path / str(shown), options(openai)) as home:
            await home.ask(messages=(Message(author="user", text=said),))
            start = (await home.events())[0]
            assert KEY[:6] not in start.data["prompt_preview"]


@pytest.mark.parametrize(
    "act", [busy(), AWAY, Act(status=500), Act(cut="rudely"), Act(cut="politely")]
)
async def test_what_passes_with_time_is_tried_again(
    openai: OpenAIServer, tmp_path: Path, act: Act
) -> None:
    openai.script(act, act)
    async with house(tmp_path, options(openai)) as home:
        reply = await home.ask()
        assert (reply.text, reply.attempts, len(openai.asked)) == ("All is well.", 3, 3)
        assert len(home.clock.slept) == 2
        ends = await home.ends()
        assert [end["ok"] for end in ends] == [False, False, True]
        assert [end["attempt"] for end in ends] == [1, 2, 3]
        assert {end["trouble"] for end in ends[:2]} == {"transient"}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_stays_is_tried_once(openai: OpenAIServer, tmp_path: Path, status: int) -> None:
    openai.script(Act(status=status))
    async with house(tmp_path, options(openai)) as home:
        with pytest.raises(ModelUnavailable, match=f"HTTP {status}") as caught:
            await home.ask()
        assert len(openai.asked) == 1
        assert home.clock.slept == []
        assert caught.value.remedy


async def test_what_a_server_asks_for_is_waited(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.script(busy("42"))
    async with house(tmp_path, options(openai)) as home:
        await home.ask()
        assert 42 <= home.clock.slept[0] <= 47


async def test_seven_times_busy_leads_to_the_fallback(
    openai: OpenAIServer, ollama: OllamaServer, tmp_path: Path
) -> None:
    openai.script(*[busy()] * 7)
    chosen = options(openai, ollama, fallback=("ollama/qwen3:8b",))
    async with house(tmp_path, chosen) as home:
        reply = await home.ask()
        assert (reply.model, reply.attempts) == ("ollama/qwen3:8b", 8)
        assert (len(openai.asked), len(ollama.asked)) == (7, 1)
        assert reply.cost_usd == 0.0


async def test_an_open_breaker_leads_to_the_fallback_at_once(
    openai: OpenAIServer, ollama: OllamaServer, tmp_path: Path
) -> None:
    openai.otherwise = lambda body: AWAY
    chosen = options(openai, ollama, fallback=("ollama/qwen3:8b",))
    async with house(tmp_path, chosen) as home:
        first = await home.ask()
        assert (len(openai.asked), first.model, first.attempts) == (5, "ollama/qwen3:8b", 6)
        second = await home.ask()
        assert (len(openai.asked), second.attempts) == (5, 1)
        told = about(home.roster)["breakers"]
        assert told[f"{openai.url}/v1"]["state"] == "open"
        assert told[ollama.url]["state"] == "closed"
        assert list(degraded(home.roster)) == [f"{openai.url}/v1"]
        home.clock.advance(60)
        openai.otherwise = lambda body: Act()
        assert [(await home.ask()).model for _ in range(2)] == ["openai/double"] * 2
        assert degraded(home.roster) == {}


async def test_a_refused_key_leads_to_the_fallback_too(
    openai: OpenAIServer, ollama: OllamaServer, tmp_path: Path
) -> None:
    openai.script(Act(status=401))
    chosen = options(openai, ollama, fallback=("ollama/qwen3:8b",))
    async with house(tmp_path, chosen) as home:
        assert (await home.ask()).model == "ollama/qwen3:8b"


async def test_an_outage_is_seen_while_it_lasts_and_never_taken_for_an_answer(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.otherwise = lambda body: AWAY
    async with house(tmp_path, options(openai), running=False) as home:
        asked = asyncio.create_task(home.ask())
        await until(lambda: home.roster.desk.waits.of(home.task_id))
        (wait,) = home.roster.desk.waits.of(home.task_id)
        assert wait.words == "waiting for model openai/double since 12:00:00 UTC"
        assert about(home.roster)["waiting"][0]["task_id"] == home.task_id
        assert degraded(home.roster) == {
            f"{openai.url}/v1": "openai/double failing since 12:00:00 UTC",
            "openai/double": wait.words,
        }
        await until(asked.done, meanwhile=lambda: home.clock.advance(60))
        with pytest.raises(ModelUnavailable, match=r"No model answers.*HTTP 503"):
            await asked
        assert len(openai.asked) == 7
        assert home.roster.desk.waits.all() == ()


async def test_who_listens_hears_of_an_outage_once_and_of_its_end(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    heard: list[str] = []

    async def tell(words: str) -> None:
        heard.append(words)

    openai.script(AWAY, AWAY, busy("42"))
    async with house(tmp_path, options(openai)) as home:
        with home.roster.desk.waits.heard(home.task_id, tell):
            await home.ask()
            assert heard == ["waiting for model openai/double since 12:00:00 UTC", ""]
            assert degraded(home.roster) == {}
            await home.ask()
        openai.script(AWAY)
        await home.ask()
        assert len(heard) == 2, "a call without trouble, and one that nobody listens to"


async def test_of_two_calls_that_wait_the_longer_wait_is_told(tmp_path: Path) -> None:
    heard: list[str] = []

    async def tell(words: str) -> None:
        heard.append(words.replace(":00 UTC", ""))

    clock = FakeClock()
    waits = Waits(clock)
    call = ModelCall(task_id="t", role="qa", messages=(), max_tokens=9)
    with waits.heard("t", tell):
        async with waits.noted(call, "a") as first:
            await first.waits("HTTP 503", None)
            async with waits.noted(call, "b") as second:
                clock.advance(60)
                await second.waits("HTTP 503", None)
                await first.waits("HTTP 503", clock.now())
            async with waits.noted(call, "b"):
                pass
    assert heard == ["waiting for model a since 12:00", ""]


async def test_a_hung_call_counts_as_a_failed_connection(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(hang="headers"))
    async with house(tmp_path, options(openai, deadlines=Deadlines(30, 0.3, 30))) as home:
        reply = await home.ask()
        assert reply.attempts == 2
        hung, _ = await home.ends()
        assert "no first token within 0.3 s" in hung["error"]
        assert hung["tokens_in"] > 0
        assert hung["tokens_estimated"] is True


async def test_nothing_is_sent_that_the_budget_does_not_allow(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai), ceilings=Ceilings(task_usd=0.005)) as home:
        with pytest.raises(BudgetExceeded):
            await home.ask()
        assert openai.asked == []
        assert [event.type for event in await home.events()] == ["budget"]


async def test_a_failed_attempt_gives_back_what_it_did_not_use(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(status=401))
    async with house(tmp_path, options(openai)) as home:
        with pytest.raises(ModelUnavailable):
            await home.ask()
        stands = await home.budgets.standing(home.task_id)
        assert (stands.spent_usd, stands.spent_tokens) == (0, 0)


async def test_a_cancelled_call_is_settled_with_what_is_known(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(hang="headers"))
    async with house(tmp_path, options(openai)) as home:
        asked = asyncio.create_task(home.ask(max_tokens=5000))
        assert await asyncio.to_thread(openai.arrived.wait, 20)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        stands = await home.budgets.standing(home.task_id)
        assert 0 < stands.spent_tokens < 50
        assert [end["ok"] for end in await home.ends()] == [False]


async def test_a_call_that_is_cut_in_its_reply_pays_for_what_came(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(Act(text="word " * 400, hang="parts"))
    async with house(tmp_path, options(openai)) as home:
        asked = asyncio.create_task(home.ask(max_tokens=5000))
        assert await asyncio.to_thread(openai.arrived.wait, 60)
        await asyncio.sleep(2.0)  # the words come at once, then nothing
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        (end,) = await home.ends()
        assert end["tokens_out"] > 50


async def test_an_unknown_price_is_told_as_unknown(openai: OpenAIServer, tmp_path: Path) -> None:
    async with house(tmp_path, options(openai, prices={})) as home:
        assert (await home.ask()).cost_usd is None
        assert not (await home.budgets.standing(home.task_id)).price_known
        assert about(home.roster)["by_role"]["fix"]["price"] == "price unknown"


async def test_a_prompt_beyond_the_window_is_not_sent(openai: OpenAIServer, tmp_path: Path) -> None:
    small = {"openai/": {"window": 1000}}
    async with house(tmp_path, options(openai, model_parameters=small)) as home:
        assert home.roster.under(home.budgets).of("fix").window == 1000
        with pytest.raises(PromptTooLong, match="takes 1,000"):
            await home.ask(text="word " * 2000)
        assert openai.asked == []
        assert (await home.ask(text="word " * 500)).text
        assert openai.asked[0]["max_tokens"] < 500
        assert "window" not in openai.asked[0]


async def test_a_prompt_too_long_for_one_model_may_fit_a_larger_fallback(
    openai: OpenAIServer, ollama: OllamaServer, tmp_path: Path
) -> None:
    chosen = options(
        openai,
        ollama,
        fallback=("ollama/qwen3:8b",),
        model_parameters={"openai/": {"window": 1000}},
    )
    async with house(tmp_path, chosen) as home:
        assert (await home.ask(text="word " * 2000)).model == "ollama/qwen3:8b"


async def test_parallel_calls_do_not_disturb_each_other(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.otherwise = lambda body: Act(text=body["messages"][0]["content"], gap_s=0.02)
    async with house(tmp_path, options(openai)) as home:
        texts = [f"number {n}" for n in range(8)]
        replies = await asyncio.gather(*(home.ask(text=text) for text in texts))
        assert [reply.text for reply in replies] == texts
        assert len({event.data["call_id"] for event in await home.events()}) == 8


async def test_ollama_is_asked_within_the_window_that_it_tells(
    openai: OpenAIServer, ollama: OllamaServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai, ollama, model="ollama/qwen3:8b")) as home:
        assert home.roster.under(home.budgets).of("fix").window == ollama.window
        await home.ask()
        assert ollama.asked[0]["options"]["num_ctx"] == 12_288
        paths = [seen.path for seen in ollama.journal]
        assert paths == ["/api/tags", "/api/show", "/api/chat"], "LiteLLM asks for more by itself"


async def test_a_role_without_a_model_says_so(openai: OpenAIServer, tmp_path: Path) -> None:
    async with house(tmp_path, options(openai, by_role={"scribe": "offline"})) as home:
        models = home.roster.under(home.budgets)
        with pytest.raises(ConfigError, match="No model serves the role scribe: MODEL_SCRIBE"):
            models.of("scribe")
        with pytest.raises(ConfigError, match="no role 'cook'"):
            models.of("cook")


async def test_a_script_is_played_and_labelled(openai: OpenAIServer, tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text('[[reply]]\nstatus = 503\n[[reply]]\ntext = "It is real."\n')
    async with house(tmp_path, options(openai, model=f"scripted/{file}")) as home:
        reply = await home.ask()
        assert (reply.text, reply.attempts, reply.cost_usd) == ("It is real.", 2, 0.0)
        assert {event.data["label"] for event in await home.events()} == {"orchestration only"}
        with pytest.raises(ModelUnavailable, match="no reply left"):
            await home.ask()


async def test_no_patience_is_one_attempt(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.script(AWAY)
    async with house(tmp_path, options(openai, patience=Patience(retries=0))) as home:
        with pytest.raises(ModelUnavailable):
            await home.ask()
        assert len(openai.asked) == 1


async def test_what_a_model_shows_is_weak_until_probed(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with house(tmp_path, options(openai)) as home:
        model = home.roster.under(home.budgets).of("fix")
        assert not model.capabilities.probed
        assert model.count("hello world") == 3
        assert about(home.roster)["by_role"]["fix"]["ability"].startswith("not probed")


async def test_every_attempt_is_logged_however_it_ends(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    openai.script(AWAY, Act(text="Mended.", calls=(("read_file", "{}"),), cached_tokens=5))
    async with house(tmp_path, options(openai)) as here:
        reply = await here.ask(messages=PROMPT)
        openai.script(Act(hang="parts", text="half an answer"))
        asking = asyncio.create_task(here.ask(role="qa"))
        await until(lambda: len(openai.journal) == 3)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        rows = await here.interactions.ask(figures.latest(10))
    failed, answered, cancelled = sorted(rows, key=lambda row: (row.role == "qa", row.attempt))
    assert (failed.success, failed.attempt, failed.cost_usd, failed.response) == (False, 1, 0.0, "")
    assert "HTTP 503" in failed.error
    assert (answered.success, answered.attempt, answered.error) == (True, 2, "")
    assert (answered.response, [wish["name"] for wish in answered.calls]) == (
        "Mended.",
        ["read_file"],
    )
    assert (answered.tokens_in, answered.tokens_out, answered.tokens_cached, answered.cost_usd) == (
        reply.tokens.sent,
        reply.tokens.received,
        5,
        reply.cost_usd,
    )
    assert (answered.task_id, answered.agent, answered.role, answered.model) == (
        here.task_id,
        f"{here.task_id[:8]}/fix",
        "fix",
        "openai/double",
    )
    assert (answered.system, [said["text"] for said in answered.messages]) == ("Be brief.", ["Go."])
    assert (cancelled.success, cancelled.role, cancelled.error) == (False, "qa", "CancelledError")


async def test_no_secret_reaches_the_log_of_calls(openai: OpenAIServer, tmp_path: Path) -> None:
    openai.script(Act(text=f"You gave me {KEY}."))
    async with house(tmp_path, options(openai)) as here:
        await here.ask(messages=(Message(author="user", text=f"My key is {KEY}."),))
        (logged,) = await here.interactions.ask(figures.latest(10))
    assert KEY not in logged.model_dump_json()
    assert logged.response == "You gave me [secret]."
    assert KEY.encode() not in (tmp_path / "interactions.db").read_bytes()


async def test_what_streams_in_is_heard_by_who_watches_and_kept_nowhere(
    tmp_path: Path, openai: OpenAIServer
) -> None:
    told = [f"word-{number} " for number in range(60)]
    openai.script(Act(text="".join(told), pieces=20, gap_s=0.05))
    seen: list[str] = []
    async with house(tmp_path, options(openai)) as home:
        viewer = Viewer(home.live, [home.task_id])
        asking = asyncio.create_task(home.ask())

        def look() -> None:
            home.clock.advance(LIVE_EVERY_S)
            seen.extend(part["text"] for part in viewer.news())

        await until(asking.done, look)
        await asking
        kinds = [event.type for event in await home.events()]
    assert "word-0 word-1 " in "".join(seen)
    assert kinds == ["llm_start", "llm_end"]


async def test_a_secret_that_a_model_repeats_goes_no_further(
    tmp_path: Path, openai: OpenAIServer
) -> None:
    openai.script(Act(text=f"The key is {KEY}.", calls=(("grep", json.dumps({"text": KEY})),)))
    async with house(tmp_path, options(openai)) as home:
        reply = await home.ask()
    assert reply.text == "The key is [secret]."
    assert json.loads(reply.calls[0].arguments) == {"text": "[secret]"}
