"""One attempt through the official LiteLLM, against servers on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from agents.models.attempts import AttemptFailed, PromptCut, Request
from agents.models.litellm import LiteLLMAttempts
from agents.models.providers import Endpoint, provider_of
from agents.models.streams import REPLY_MAX_BYTES, Deadlines
from core.errors import PromptTooLong
from core.models import Message, ModelCall, ToolCall, ToolSpec
from tests.fakes.model_server import Act, ModelServer, busy
from tests.fakes.ollama_server import OllamaServer
from tests.fakes.openai_server import OpenAIServer

GREP = ToolSpec(
    name="grep",
    description="Find a text.",
    parameters={"type": "object", "properties": {"text": {"type": "string"}}},
)
CALL = ModelCall(
    role="triage",
    messages=(
        Message(author="system", text="You judge reports.", lasting=True),
        Message(author="user", text="The total is one too high."),
    ),
)
REQUEST = Request(CALL, prompt_tokens=20, max_tokens=500)
QUICK = Deadlines(total_s=20, first_token_s=20, between_tokens_s=20)


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        yield server


@pytest.fixture
async def opened() -> AsyncIterator[list[LiteLLMAttempts]]:
    opened: list[LiteLLMAttempts] = []
    yield opened
    for attempts in opened:
        await attempts.close()


Opened = list[LiteLLMAttempts]


def at(
    opened: Opened, model: str, url: str, deadlines: Deadlines = QUICK, **rest: Any
) -> LiteLLMAttempts:
    endpoint = Endpoint(model, provider_of(model), base=url, key="key-of-the-double", local=True)
    opened.append(LiteLLMAttempts(endpoint, deadlines, **{"window": 100_000, **rest}))
    return opened[-1]


def both(opened: Opened, openai: ModelServer, ollama: ModelServer) -> Iterator[tuple[Any, Any]]:
    yield openai, at(opened, "openai/double", f"{openai.url}/v1")
    yield ollama, at(opened, "ollama/qwen3:8b", ollama.url)


async def test_a_reply_comes_whole_with_what_it_took(
    openai: OpenAIServer, ollama: OllamaServer, opened: Opened
) -> None:
    for server, attempts in both(opened, openai, ollama):
        server.script(Act(text="It is real.", thinking="hm"))
        answer = await attempts.send(REQUEST)
        assert (answer.text, answer.finish, answer.calls) == ("It is real.", "stop", ())
        assert answer.tokens.sent > 20
        assert not answer.tokens.estimated
        assert answer.first_token_s is not None
        (body,) = server.asked
        assert body["stream"] is True
        assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert openai.asked[0]["stream_options"] == {"include_usage": True}
    assert openai.asked[0]["max_tokens"] == ollama.asked[0]["options"]["num_predict"] == 500


async def test_tools_are_called(openai: OpenAIServer, ollama: OllamaServer, opened: Opened) -> None:
    """The smoke test of the pinned LiteLLM: in some releases every call with tools fails."""
    wish = (("grep", '{"text": "total"}'), ("grep", '{"text": "sum"}'))
    tooled = replace(REQUEST, call=CALL.but(tools=(GREP,)))
    for server, attempts in both(opened, openai, ollama):
        server.script(Act(text="", calls=wish))
        answer = await attempts.send(tooled)
        assert answer.finish == "tool_calls"
        assert [(c.name, json.loads(c.arguments)) for c in answer.calls] == [
            (name, json.loads(arguments)) for name, arguments in wish
        ]
        assert len({call.call_id for call in answer.calls}) == 2
        assert server.asked[0]["tools"][0]["function"]["name"] == "grep"


async def test_a_conversation_with_tools_goes_back_whole(
    openai: OpenAIServer, ollama: OllamaServer, opened: Opened
) -> None:
    wish = ToolCall(call_id="c1", name="grep", arguments='{"text": "total"}')
    broken = ToolCall(call_id="c2", name="grep", arguments='{"text": ')
    talk = (
        *CALL.messages,
        Message(author="assistant", calls=(wish, broken)),
        Message(author="tool", call_id="c1", text="total.py:3"),
        Message(author="tool", call_id="c2", text="The arguments are no JSON."),
    )
    for server, attempts in both(opened, openai, ollama):
        await attempts.send(replace(REQUEST, call=CALL.but(messages=talk, tools=(GREP,))))
        *_, asked, told, _ = server.asked[0]["messages"]
        assert told["content"] == "total.py:3"
        first, second = (call["function"]["arguments"] for call in asked["tool_calls"])
        if isinstance(first, str):
            first, second = json.loads(first), json.loads(second)
        assert (first, second) == ({"text": "total"}, {"unreadable": '{"text": '})


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_a_cut_or_refused_reply_says_so(
    openai: OpenAIServer, opened: Opened, finish: str
) -> None:
    openai.script(Act(finish=finish))
    answer = await at(opened, "openai/double", f"{openai.url}/v1").send(REQUEST)
    assert answer.finish == {"length": "length", "content_filter": "refused"}[finish]


async def test_tokens_that_are_not_told_are_counted_and_marked(
    openai: OpenAIServer, ollama: OllamaServer, opened: Opened
) -> None:
    for server, attempts in both(opened, openai, ollama):
        server.script(Act(usage=False))
        tokens = (await attempts.send(REQUEST)).tokens
        assert tokens.estimated
        assert tokens.sent == REQUEST.prompt_tokens
        assert 2 <= tokens.received <= 8


@pytest.mark.parametrize(
    ("act", "trouble", "wait"),
    [
        (busy("7"), "transient", 7.0),
        (busy(), "transient", None),
        (Act(status=503, headers={"Retry-After": "3"}), "transient", 3.0),
        (Act(status=500), "transient", None),
        (Act(status=529), "transient", None),
        (Act(status=408), "transient", None),
        (Act(status=504), "transient", None),
        (Act(status=401, error="Incorrect API key provided"), "authentication", None),
        (Act(status=403), "authentication", None),
        (Act(status=400, error="temperature is too high"), "request", None),
        (Act(status=404, error="no such model"), "request", None),
        (Act(cut="rudely"), "transient", None),
        (Act(cut="politely"), "transient", None),
        (Act(raw=b"<html>Welcome to the gateway</html>"), "transient", None),
        (Act(raw=b'data: {"choices": [{"delta": {"con\n\n'), "transient", None),
        (Act(raw=b'{"choices": [{"message": {"content": "whole"}}]}'), "transient", None),
        (Act(raw=b""), "transient", None),
    ],
)
async def test_each_failure_is_told_apart(
    openai: OpenAIServer,
    ollama: OllamaServer,
    opened: Opened,
    act: Act,
    trouble: str,
    wait: float | None,
) -> None:
    for server, attempts in both(opened, openai, ollama):
        server.script(act)
        with pytest.raises(AttemptFailed) as caught:
            await attempts.send(REQUEST)
        assert (caught.value.trouble, caught.value.retry_after_s) == (trouble, wait)
        assert attempts.endpoint.model in str(caught.value)
        assert len(server.asked) == 1
        if trouble == "authentication" and server is openai:
            assert "OPENAI_API_KEY" in (caught.value.remedy or "")


async def test_what_a_server_cannot_process_is_sent_no_third_time(
    openai: OpenAIServer, opened: Opened
) -> None:
    """LiteLLM sends it once more, without the parameters that the server named."""
    openai.script(*[Act(status=422)] * 3)
    with pytest.raises(AttemptFailed) as caught:
        await at(opened, "openai/double", f"{openai.url}/v1").send(REQUEST)
    assert (caught.value.trouble, len(openai.asked)) == ("request", 2)


async def test_a_content_policy_is_no_bad_request(openai: OpenAIServer, opened: Opened) -> None:
    openai.script(
        Act(
            status=400,
            error="rejected as a result of our safety system",
            error_type="invalid_request_error",
            error_code="content_policy_violation",
        )
    )
    with pytest.raises(AttemptFailed) as caught:
        await at(opened, "openai/double", f"{openai.url}/v1").send(REQUEST)
    assert caught.value.trouble == "policy"


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "the request exceeds the available context size",
    ],
)
async def test_a_prompt_that_the_server_finds_too_long_is_told_apart(
    openai: OpenAIServer, opened: Opened, said: str
) -> None:
    openai.script(Act(status=400, error=said, error_type="invalid_request_error"))
    with pytest.raises(PromptTooLong, match="too long") as caught:
        await at(opened, "openai/double", f"{openai.url}/v1").send(REQUEST)
    assert caught.value.remedy


async def test_a_server_that_is_not_there_is_transient(opened: Opened) -> None:
    for model in ("openai/double", "ollama/qwen3:8b"):
        with pytest.raises(
            AttemptFailed, match=r"at http://127.0.0.1:9.* cannot be reached"
        ) as caught:
            await at(opened, model, "http://127.0.0.1:9").send(REQUEST)
        assert (caught.value.trouble, caught.value.tokens.sent) == ("transient", 0)


@pytest.mark.parametrize(
    ("act", "deadlines", "missing"),
    [
        (Act(hang="headers"), Deadlines(20, 0.3, 20), "no first token within 0.3 s"),
        (Act(wait_s=5), Deadlines(20, 0.3, 20), "no first token within 0.3 s"),
        (Act(hang="parts"), Deadlines(20, 20, 0.3), "nothing more for 0.3 s"),
        (Act(text="a" * 100, pieces=100, gap_s=0.1), Deadlines(0.6, 20, 20), "no whole reply"),
    ],
)
async def test_a_hung_call_is_cancelled_and_counts_as_a_lost_connection(
    openai: OpenAIServer,
    ollama: OllamaServer,
    opened: Opened,
    act: Act,
    deadlines: Deadlines,
    missing: str,
) -> None:
    for server, model in ((openai, "openai/double"), (ollama, "ollama/qwen3:8b")):
        server.script(act)
        base = f"{server.url}/v1" if server is openai else server.url
        with pytest.raises(AttemptFailed, match=missing) as caught:
            await at(opened, model, base, deadlines).send(REQUEST)
        assert caught.value.trouble == "transient"
        assert caught.value.tokens.estimated
        assert caught.value.tokens.sent == REQUEST.prompt_tokens


@pytest.mark.parametrize(
    ("total_s", "first_s", "between_s"), [(300, 60, 120), (30, 60, 120), (3000, 600, 1200)]
)
def test_a_longer_total_stretches_the_other_deadlines(
    total_s: float, first_s: float, between_s: float
) -> None:
    assert Deadlines.within(total_s) == Deadlines(total_s, first_s, between_s)


async def test_an_endless_reply_is_cut_off(
    openai: OpenAIServer, ollama: OllamaServer, opened: Opened
) -> None:
    for server, attempts in both(opened, openai, ollama):
        server.script(Act(text="0123456789abcdef!" * (REPLY_MAX_BYTES // 4), pieces=400))
        answer = await attempts.send(REQUEST)
        assert answer.finish == "length"
        assert REPLY_MAX_BYTES < len(answer.text) < 1.2 * REPLY_MAX_BYTES


async def test_a_cancelled_call_ends_its_connection(openai: OpenAIServer, opened: Opened) -> None:
    openai.script(Act(hang="headers"))
    call = asyncio.create_task(at(opened, "openai/double", f"{openai.url}/v1").send(REQUEST))
    assert await asyncio.to_thread(openai.arrived.wait, 20)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_ollama_gets_its_context_and_stays_loaded(
    ollama: OllamaServer, opened: Opened
) -> None:
    long = replace(REQUEST, prompt_tokens=20_000)
    await at(opened, "ollama/qwen3:8b", ollama.url).send(long)
    await at(opened, "ollama_chat/qwen3:8b", ollama.url, window=30_000).send(long)
    roomy, tight = ollama.asked
    assert 1.25 * 20_000 + 8192 <= roomy["options"]["num_ctx"] < 1.25 * 20_000 + 8192 + 4096
    assert tight["options"]["num_ctx"] == 30_000
    assert roomy["keep_alive"] == "1h"
    assert roomy["model"] == tight["model"] == "qwen3:8b"
    assert "think" not in roomy


async def test_thinking_of_an_ollama_model_is_a_matter_of_its_parameters(
    ollama: OllamaServer, opened: Opened
) -> None:
    chosen = replace(REQUEST, parameters={"think": False, "num_ctx": 9000, "top_k": 20})
    await at(opened, "ollama/qwen3:8b", ollama.url).send(chosen)
    (body,) = ollama.asked
    assert body["think"] is False
    assert (body["options"]["num_ctx"], body["options"]["top_k"]) == (9000, 20)


async def test_a_prompt_that_ollama_cut_fails_loudly(opened: Opened) -> None:
    long = CALL.but(messages=(Message(author="user", text="All is not well here. " * 3000),))
    with OllamaServer(context_max=4096) as short:
        with pytest.raises(PromptCut, match="read 4,096 tokens of a prompt of 16,") as caught:
            await at(opened, "ollama/qwen3:8b", short.url).send(
                Request(long, prompt_tokens=18_000, max_tokens=500)
            )
        assert "num_ctx" in (caught.value.remedy or "")
        assert caught.value.tokens.sent == 4096
    with OllamaServer() as roomy:
        answer = await at(opened, "ollama/qwen3:8b", roomy.url).send(
            Request(long, prompt_tokens=18_000, max_tokens=500)
        )
        assert answer.text


async def test_claude_alone_is_marked_and_thinks(openai: OpenAIServer, opened: Opened) -> None:
    openai.script(*[Act(cached_tokens=17)] * 4)
    claude = at(opened, "claude-sonnet-4-6", openai.url, thinks=True)
    deep = replace(REQUEST, call=CALL.but(role="diagnosis", temperature=0.2))
    kept = await claude.send(replace(deep, parameters={"temperature": 0.2}))
    await claude.send(REQUEST)
    await at(opened, "claude-haiku-4-5", openai.url).send(deep)
    await at(opened, "gpt-4o", f"{openai.url}/v1", thinks=True).send(deep)
    thinking, brief, small, other = openai.asked
    assert kept.tokens.cached == 17
    assert thinking["thinking"] == {"type": "adaptive"}
    assert "temperature" not in thinking
    assert thinking["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in json.dumps(thinking["messages"])
    assert [body.get("thinking") for body in (brief, small, other)] == [None] * 3
    assert "cache_control" not in json.dumps(other)


async def test_the_reply_is_forced_into_its_schema_where_the_provider_can(
    openai: OpenAIServer, ollama: OllamaServer, opened: Opened
) -> None:
    schema = {"type": "object", "properties": {"real": {"type": "boolean"}}}
    asked = replace(REQUEST, call=CALL.but(answer_schema=schema))
    for _, attempts in both(opened, openai, ollama):
        await attempts.send(asked)
    await at(opened, "deepseek/deepseek-chat", openai.url).send(asked)
    await at(opened, "openai/double", f"{openai.url}/v1").send(
        replace(asked, parameters={"response_format": None})
    )
    able, unable, unwilling = openai.asked
    assert able["response_format"]["json_schema"]["schema"]["properties"] == schema["properties"]
    assert ollama.asked[0]["format"]["properties"] == schema["properties"]
    assert "response_format" not in unable
    assert "response_format" not in unwilling


async def test_a_parameter_that_the_provider_lacks_is_dropped_and_told_once(
    ollama: OllamaServer, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = at(opened, "ollama/qwen3:8b", ollama.url)
    for _ in range(2):
        await attempts.send(replace(REQUEST, parameters={"logit_bias": {"1": 2}, "seed": 7}))
    assert "logit_bias" not in json.dumps(ollama.asked)
    assert ollama.asked[0]["options"]["seed"] == 7
    assert [r.getMessage() for r in caplog.records if "logit_bias" in r.getMessage()] == [
        "ollama/qwen3:8b does not take logit_bias: it is left out"
    ]


async def test_claude_and_gemini_call_tools_and_their_cut_streams_are_seen(
    openai: OpenAIServer, opened: Opened
) -> None:
    tooled = replace(REQUEST, call=CALL.but(tools=(GREP,)))
    for model in ("claude-sonnet-4-6", "gemini/gemini-2.5-pro"):
        attempts = at(opened, model, openai.url)
        openai.script(Act(text="", calls=(("grep", '{"text": "total"}'),), cached_tokens=7))
        answer = await attempts.send(tooled)
        (call,) = answer.calls
        assert (call.name, json.loads(call.arguments)) == ("grep", {"text": "total"})
        assert (answer.finish, answer.tokens.cached) == ("tool_calls", 7)
        openai.script(Act(finish="length"))
        assert (await attempts.send(REQUEST)).finish == "length"
        for act in (Act(cut="rudely"), Act(cut="politely"), busy("9"), Act(status=529)):
            openai.script(act)
            with pytest.raises(AttemptFailed) as caught:
                await attempts.send(REQUEST)
            assert caught.value.trouble == "transient"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("gpt-4o", "gpt-4o"),
        ("gemini/gemini-2.5-pro", "gemini-2.5-pro"),
        ("groq/llama-x", "llama-x"),
        ("deepseek/deepseek-chat", "deepseek-chat"),
        ("openrouter/org/model:free", "org/model:free"),
        ("openai/anything", "anything"),
    ],
)
async def test_every_provider_is_asked_for_its_own_model_with_its_key(
    openai: OpenAIServer, opened: Opened, model: str, sent: str
) -> None:
    await at(opened, model, openai.url).send(REQUEST)
    (seen,) = openai.journal
    assert sent in (seen.body.get("model"), seen.path.split("/")[-1].partition(":")[0])
    assert "key-of-the-double" in (
        seen.headers.get("x-api-key", ""),
        seen.headers.get("x-goog-api-key", ""),
        seen.headers.get("authorization", "").removeprefix("Bearer "),
    )
