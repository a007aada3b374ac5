"""Who serves models: how their names begin, how LiteLLM calls them, which key they want."""

from dataclasses import dataclass

from core.errors import ConfigError

OFFLINE = "offline"
OLLAMA_ADDRESS = "http://localhost:11434"


@dataclass(frozen=True)
class Provider:
    """One row of the table."""

    name: str
    beginnings: tuple[str, ...]
    """What names of its models begin with; what ends in a slash is not part of the name."""
    route: str = ""
    """The prefix by which LiteLLM knows it; empty where LiteLLM has no part."""
    key: str = ""
    """The variable of its key; empty where none is needed."""
    takes_schema: bool = False
    """Whether a JSON schema of the answer is understood by all of its models."""


PROVIDERS = (
    Provider("anthropic", ("anthropic/", "claude-"), "anthropic", "ANTHROPIC_API_KEY", True),
    Provider(
        "openai",
        ("openai/", "gpt-", "chatgpt-", "o1", "o3", "o4"),
        "openai",
        "OPENAI_API_KEY",
        True,
    ),
    Provider("gemini", ("gemini/",), "gemini", "GEMINI_API_KEY", True),
    Provider("groq", ("groq/",), "groq", "GROQ_API_KEY"),
    Provider("deepseek", ("deepseek/",), "deepseek", "DEEPSEEK_API_KEY"),
    Provider("openrouter", ("openrouter/",), "openrouter", "OPENROUTER_API_KEY"),
    Provider("ollama", ("ollama/", "ollama_chat/"), "ollama_chat", "", True),
    Provider("scripted", ("scripted/",)),
    Provider(OFFLINE, (OFFLINE,)),
)
FORMS = (
    "claude-…, gpt-…, gemini/…, groq/…, deepseek/…, openrouter/organisation/model, ollama/…, "
    "openai/… with OPENAI_API_BASE, scripted/path, or offline"
)


@dataclass(frozen=True)
class Endpoint:
    """A model where it is served."""

    model: str
    """As it is configured."""
    provider: Provider
    base: str = ""
    """Address of the server; empty for the provider's own."""
    key: str = ""
    local: bool = False
    """Whether it is on loopback or a listed private host."""

    @property
    def bare(self) -> str:
        """The model's name without the provider."""
        return bare_name(self.model)

    @property
    def routed(self) -> str:
        """The model's name as LiteLLM wants it."""
        return f"{self.provider.route}/{self.bare}"

    @property
    def label(self) -> str:
        """What breaks together: the server."""
        return self.base or self.provider.name


def provider_of(model: str) -> Provider:
    """Who serves a model of this name; raises ConfigError for a name of no known form."""
    for provider in PROVIDERS:
        if _prefix(provider, model) is not None and bare_name(model, provider):
            return provider
    raise ConfigError(f"{model!r} is no model that Anton knows how to reach: use {FORMS}.")


def bare_name(model: str, provider: Provider | None = None) -> str:
    """The name without its provider's prefix."""
    prefix = _prefix(provider or provider_of(model), model) or ""
    return model.removeprefix(prefix) if prefix.endswith("/") else model


def canonical(model: str) -> str:
    """One spelling for names that mean the same model, to look it up in tables."""
    return (
        "ollama/" + model.removeprefix("ollama_chat/")
        if model.startswith("ollama_chat/")
        else model
    )


def _prefix(provider: Provider, model: str) -> str | None:
    if provider.name == OFFLINE:
        return OFFLINE if model == OFFLINE else None
    return next((start for start in provider.beginnings if model.startswith(start)), None)
