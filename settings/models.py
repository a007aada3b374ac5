"""Who thinks, and where it is reached."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from pydantic_settings import NoDecode

from settings.addresses import WebAddress, is_loopback
from settings.kinds import FROM_JSON, Group, Key, Names

MODEL_ROLES = (
    "triage",
    "diagnosis",
    "qa",
    "fix",
    "reviewer",
    "scribe",
    "orchestrator",
    "reflector",
)
VENDOR_MODELS = (
    ("Anthropic", "claude-sonnet-4-6", "claude-haiku-4-5"),
    ("OpenAI", "gpt-4o", "gpt-4o-mini"),
    ("Google", "gemini/gemini-2.5-pro", "gemini/gemini-2.5-flash"),
    ("DeepSeek", "deepseek/deepseek-chat", "deepseek/deepseek-chat"),
    ("Groq", "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b"),
    ("OpenRouter", "openrouter/qwen/qwen3-coder", "openrouter/qwen/qwen3-coder"),
)
"""What a key alone leads to, first whose key is looked for first: vendor, model, small model."""
VENDOR_KEYS = (
    "anthropic_api_key",
    "openai_api_key",
    "gemini_api_key",
    "deepseek_api_key",
    "groq_api_key",
    "openrouter_api_key",
)


def _of_known_roles(parameters: dict[str, Any]) -> dict[str, Any]:
    for name in parameters:
        if name.removesuffix("_agent") not in (*MODEL_ROLES, "code_reviewer"):
            raise ValueError(f"knows no role {name}; known are {', '.join(MODEL_ROLES)}")
    return parameters


class ModelPrice(BaseModel):
    """What MODEL_PRICES says of one model, in US dollars a million tokens."""

    model_config = {"extra": "forbid", "populate_by_name": True}

    sent: float = Field(alias="in", ge=0)
    received: float = Field(alias="out", ge=0)
    cached: float | None = Field(default=None, ge=0)


Parameters = Annotated[dict[str, dict[str, Any]], NoDecode, FROM_JSON]
Prices = Annotated[dict[str, ModelPrice], NoDecode, FROM_JSON]


class Models(Group):
    """Models: who thinks, and where it is reached."""

    fix_engine: Literal["auto", "workflow", "tools", "offline"] = "auto"
    """`workflow` leads a weak model, `tools` lets a strong one work, `offline` needs none."""
    approval_policy: Literal["on-request", "on-failure", "auto", "auto-edit", "never", "yolo"] = (
        "auto"
    )
    """How freely a model uses tools in its sandbox; what would need a person is denied there."""
    model: str = ""
    """Model of every role, as `claude-sonnet-4-6` or `ollama/qwen3:8b`; empty: by the keys."""
    model_triage: str = ""
    """Model that judges reports, if another."""
    model_diagnosis: str = ""
    """Model that looks for the cause, if another."""
    model_qa: str = ""
    """Model that writes the regression test, if another."""
    model_fix: str = ""
    """Model that writes the fix, if another."""
    model_reviewer: str = ""
    """Model that reviews it; empty with the keys of two vendors: that of the other vendor."""
    model_scribe: str = ""
    """Model that writes for people, if another."""
    model_orchestrator: str = ""
    """Model that reads what people write, if another."""
    model_reflector: str = ""
    """Model that draws rules from completed tasks, if another."""
    model_fallback: Names = ()
    """Models asked in this order when the first stays away or talks nonsense, comma-separated."""
    model_llm_params: Parameters = Field(default_factory=dict)
    """Parameters by model or prefix, JSON, as `{"ollama/": {"think": false, "window": 32768}}`."""
    agent_llm_params: Annotated[Parameters, AfterValidator(_of_known_roles)] = Field(
        default_factory=dict
    )
    """Parameters by role, JSON, as `{"fix": {"temperature": 0.2}}`; over those of the model."""
    model_prices: Prices = Field(default_factory=dict)
    """US dollars a million tokens, JSON, as `{"openai/my": {"in": 1, "out": 2, "cached": 0.1}}`."""
    llm_max_retries: int = Field(default=6, ge=0, le=100)
    """How often a model is asked again that is busy or away."""
    llm_retry_base_delay: float = Field(default=5.0, ge=0, le=3600)
    """Longest first pause before that, in seconds; it doubles each time."""
    llm_retry_max_delay: float = Field(default=60.0, ge=0, le=3600)
    """Longest pause, in seconds, unless the server asks for more."""
    llm_timeout_seconds: float = Field(default=300.0, gt=0, le=86_400)
    """Time for one reply, in seconds; above 300, the waits for tokens (60, 120) grow with it."""
    local_only: bool = False
    """Nothing leaves this machine: models, hosts and downloads elsewhere are refused."""
    local_hosts: Names = ()
    """Private hosts that count as this machine, comma-separated, with or without a port."""
    ollama_base_url: WebAddress = ""
    """Address of Ollama, as `http://localhost:11434`; where no model is named, its best works."""
    openai_api_base: WebAddress = ""
    """Address of a server that speaks OpenAI's protocol, as `http://localhost:8080/v1`."""
    anthropic_api_key: Key = SecretStr("")
    """Key for `claude-…`."""
    openai_api_key: Key = SecretStr("")
    """Key for `gpt-…` and `openai/…`."""
    gemini_api_key: Key = SecretStr("")
    """Key for `gemini/…`."""
    deepseek_api_key: Key = SecretStr("")
    """Key for `deepseek/…`."""
    groq_api_key: Key = SecretStr("")
    """Key for `groq/…`."""
    openrouter_api_key: Key = SecretStr("")
    """Key for `openrouter/organisation/model`, with `:free` for what costs nothing."""

    def is_here(self, address: str) -> bool:
        """Whether an address leads to this machine, or to a private host that was listed."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        return is_loopback(host) or bool({host, parts.netloc.lower()} & set(self.local_hosts))
