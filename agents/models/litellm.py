"""The one adapter to language models: one attempt of one call through LiteLLM."""

import asyncio
import logging
from typing import Any

from agents.models import failures, loading, wire
from agents.models.attempts import Answer, AttemptFailed, PromptCut, Request
from agents.models.counting import count, least_of
from agents.models.providers import OLLAMA_ADDRESS, Endpoint
from agents.models.streams import FINISHES, Deadlines, Draft, ends_of_gemini, gather
from core.models import Tokens
from integrations.http import guarded_transport

log = logging.getLogger(__name__)

NO_KEY = "none"
"""OpenAI's library insists on a key, and a server of one's own may need none."""
WHOLE_PROMPT = 0.9
"""A report of fewer tokens than this part of ours says that the prompt was cut."""
CHARS_PER_THOUGHT = 4
NOT_DROPPED = {"messages", "stream_options", "max_tokens"}


class LiteLLMAttempts:
    """Serves Attempts for one model at one endpoint."""

    def __init__(
        self, endpoint: Endpoint, deadlines: Deadlines, *, window: int, thinks: bool = False
    ) -> None:
        """Take the window in tokens, and whether the model takes adaptive thinking."""
        self.endpoint = endpoint
        self.window = window
        self._deadlines = deadlines
        self._thinks = thinks
        self._handler: Any = None
        self._clients: dict[str, Any] = {}
        self._dropped: set[str] = set()

    async def send(self, request: Request) -> Answer:
        """Serves Attempts; a hung call is cancelled and counts as a connection that failed."""
        litellm = await loading.load()
        draft, given = Draft(request.hear), self._arguments(litellm, request)
        try:
            async with asyncio.timeout(self._deadlines.total_s):
                finish, usage = await self._stream(litellm, given, draft)
        except TimeoutError as error:
            late = str(error) or f"no whole reply within {self._deadlines.total_s:g} s"
            raise AttemptFailed(
                f"{self.endpoint.model} took too long: {late}.",
                "transient",
                tokens=await self._known(request, draft),
            ) from error
        except asyncio.CancelledError as error:
            # It is raised on as it is, or timeouts around this call would not know it.
            error.__dict__["tokens"] = await self._known(request, draft)
            raise
        except AttemptFailed:
            raise
        except Exception as error:  # LiteLLM's own faults come as anything
            known = await self._known(request, draft) if draft.size else Tokens()
            raise failures.failure(error, self.endpoint, known) from error
        answer = await self._answer(request, draft, finish, usage)
        if context := given.get("num_ctx"):
            await self._require_whole(request, answer.tokens, context)
        return answer

    async def close(self) -> None:
        """Serves Attempts."""
        handler, self._handler = self._handler, None
        self._clients.clear()
        if handler is not None:
            await handler.close()

    async def _stream(self, litellm: Any, given: dict[str, Any], draft: Draft) -> tuple[Any, Any]:
        """Send and gather; the finish and the usage that the provider itself told, or None."""
        began = asyncio.get_running_loop().time()
        gemini = self.endpoint.provider.name == "gemini"
        try:
            async with asyncio.timeout(self._deadlines.first_token_s):
                stream = await litellm.acompletion(**given)
                ends = await ends_of_gemini(stream) if gemini else []
        except TimeoutError:
            raise TimeoutError(
                f"no first token within {self._deadlines.first_token_s:g} s"
            ) from None
        if stream is None:  # what it gives after a second HTTP 422
            raise failures.by_status(422, "the request cannot be processed", self.endpoint)
        try:
            await gather(stream, draft, self._deadlines, began)
            told = [usage for c in stream.chunks if (usage := getattr(c, "usage", None))]
            finish = (ends[-1] if ends else None) if gemini else stream.received_finish_reason
            return finish, told[-1] if told else None
        finally:
            await stream.aclose()

    def _arguments(self, litellm: Any, request: Request) -> dict[str, Any]:
        endpoint = self.endpoint
        if endpoint.provider.name == "ollama":
            _make_known(litellm, endpoint.routed)
        given = wire.arguments(request, endpoint, window=self.window, thinks=self._thinks)
        self._tell_dropped(litellm, given)
        base = endpoint.base or (OLLAMA_ADDRESS if endpoint.provider.name == "ollama" else None)
        return {
            **given,
            "model": endpoint.routed,
            "api_base": base,
            "api_key": endpoint.key or (NO_KEY if endpoint.provider.key else None),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_retries": 0,
            "timeout": self._deadlines.total_s,
            **({"client": self._client(litellm)} if endpoint.local else {}),
        }

    def _client(self, litellm: Any) -> Any:
        """For a local server: no proxy, no redirection, and no other host."""
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        base = self.endpoint.base or OLLAMA_ADDRESS
        if self._handler is None:
            self._handler = AsyncHTTPHandler(
                timeout=self._deadlines.total_s,
                transport=guarded_transport(base),
                follow_redirects=False,
            )
        if self.endpoint.provider.route != "openai":
            return self._handler
        if "openai" not in self._clients:
            import openai

            self._clients["openai"] = openai.AsyncOpenAI(
                api_key=self.endpoint.key or NO_KEY,
                base_url=base,
                http_client=self._handler.client,
                max_retries=0,
            )
        return self._clients["openai"]

    def _tell_dropped(self, litellm: Any, given: dict[str, Any]) -> None:
        """Say once which parameters this provider does not take; LiteLLM leaves them out."""
        supported = litellm.get_supported_openai_params(
            model=self.endpoint.bare, custom_llm_provider=self.endpoint.provider.route
        )
        known = set(litellm.OPENAI_CHAT_COMPLETION_PARAMS) - NOT_DROPPED
        for name in sorted((set(given) & known) - set(supported or known) - self._dropped):
            self._dropped.add(name)
            log.warning("%s does not take %s: it is left out", self.endpoint.model, name)

    async def _answer(self, request: Request, draft: Draft, finish: Any, usage: Any) -> Answer:
        tokens = await self._known(request, draft) if usage is None else _told(usage)
        if not draft.overlong:
            self._require_end(finish, draft, tokens)
        if not draft.overlong and draft.calls:
            finish = "length" if finish == "length" else "tool_calls"
        return Answer(
            text=draft.text,
            calls=draft.calls,
            finish="length" if draft.overlong else FINISHES.get(finish, "stop"),
            tokens=tokens,
            written=int(getattr(usage, "cache_creation_input_tokens", 0) or 0),
            first_token_s=draft.first_token_s,
        )

    def _require_end(self, finish: Any, draft: Draft, tokens: Tokens) -> None:
        """A stream without the provider's own end was cut; LiteLLM would call it whole."""
        if finish is None:
            came = f"after {draft.size:,} bytes" if draft.size else "before anything came"
            raise AttemptFailed(
                f"{self.endpoint.model}: the reply broke off {came}.", "transient", tokens=tokens
            )

    async def _require_whole(self, request: Request, tokens: Tokens, context: int) -> None:
        """Ollama cuts what does not fit and says nothing, but for the tokens that it read."""
        if tokens.estimated:
            return
        ours = await asyncio.to_thread(least_of, request.call.messages)
        if tokens.sent < WHOLE_PROMPT * ours or tokens.sent >= context:
            raise PromptCut(
                f"{self.endpoint.model} read {tokens.sent:,} tokens of a prompt of {ours:,}: "
                "the rest was cut off.",
                tokens=tokens,
                remedy=(
                    "raise the context of the server (OLLAMA_CONTEXT_LENGTH, or num_ctx in "
                    "MODEL_LLM_PARAMS), or choose a model with a larger window"
                ),
            )

    async def _known(self, request: Request, draft: Draft) -> Tokens:
        """What was used, counted here."""
        texts = draft.text + "".join(call.name + call.arguments for call in draft.calls)
        received = await asyncio.to_thread(count, texts)
        return Tokens(
            sent=request.prompt_tokens,
            received=received + draft.thought_chars // CHARS_PER_THOUGHT,
            estimated=True,
        )


def _make_known(litellm: Any, model: str) -> None:
    """Keep LiteLLM from asking some Ollama about this model, in the loop, several times a call."""
    if model not in litellm.model_cost:
        litellm.model_cost[model] = {
            "litellm_provider": "ollama_chat",
            "mode": "chat",
            "input_cost_per_token": 0.0,
            "output_cost_per_token": 0.0,
        }
        litellm.utils._invalidate_model_cost_lowercase_map()


def _told(usage: Any) -> Tokens:
    details = getattr(usage, "prompt_tokens_details", None)
    return Tokens(
        sent=usage.prompt_tokens or 0,
        received=usage.completion_tokens or 0,
        cached=(getattr(details, "cached_tokens", None) or 0) if details else 0,
    )
