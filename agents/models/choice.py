"""Which model serves which role, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.models import ollama
from agents.models.ollama import Installed
from agents.models.options import LIGHT_ROLES, ROLES, ModelOptions, Vendor
from agents.models.parameters import forbidden
from agents.models.providers import OFFLINE, bare_name, provider_of
from core.errors import ConfigError


@dataclass(frozen=True)
class Choice:
    """The model of a role."""

    role: str
    model: str
    reason: str
    """In words, as people are told."""


async def choose(options: ModelOptions) -> tuple[Mapping[str, Choice], tuple[str, ...]]:
    """The models of all roles, and what is odd about them; looks at Ollama if one is named.

    Raises ConfigError with every problem at once, each naming its variable.
    """
    if away := _remote_servers(options):
        raise ConfigError("\n".join(away))
    here = options.bases.get("ollama", "")
    found = await ollama.installed(here) if here or _wants_ollama(options) else None
    if found is None and not here and _wants_ollama(options):
        found = await ollama.installed(options.base_of(provider_of("ollama/any")))
    choices = {role: _choice(role, options, found if here else None) for role in ROLES}
    choices |= _second_opinion(choices, options)
    problems = [
        *_unknown_roles(options),
        *forbidden("MODEL_LLM_PARAMS", options.model_parameters),
        *forbidden("AGENT_LLM_PARAMS", options.role_parameters),
        *_problems(choices, options, found),
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return choices, tuple(_oddities(choices, options, found))


def named(options: ModelOptions) -> Mapping[str, str]:
    """Every model that was named, by its variable."""
    names = {"MODEL": options.model} if options.model else {}
    names |= {f"MODEL_{role.upper()}": model for role, model in options.by_role.items()}
    return names | {
        f"MODEL_FALLBACK ({number})": model for number, model in enumerate(options.fallback, 1)
    }


def _choice(role: str, options: ModelOptions, found: Sequence[Installed] | None) -> Choice:
    if model := options.by_role.get(role):
        return Choice(role, model, f"MODEL_{role.upper()} names it")
    if options.model:
        return Choice(role, options.model, "MODEL names it")
    if vendors := options.vendors_with_keys:
        return _of_vendor(role, vendors[0], "is set")
    if found is not None:
        if best := ollama.best(found):
            where = options.bases["ollama"]
            return Choice(role, f"ollama/{best.name}", f"the most able of {len(found)} at {where}")
        return Choice(role, OFFLINE, "Ollama answers, and has no model that chats")
    why = "no model is named, no key is set"
    silent = (
        "OLLAMA_BASE_URL does not answer" if "ollama" in options.bases else "no Ollama is named"
    )
    return Choice(role, OFFLINE, f"{why}, and {silent}")


def _of_vendor(role: str, vendor: Vendor, why: str) -> Choice:
    model = vendor.light if role in LIGHT_ROLES else vendor.model
    return Choice(role, model, f"{provider_of(model).key} {why}")


def _second_opinion(choices: Mapping[str, Choice], options: ModelOptions) -> dict[str, Choice]:
    """The reviewer of another vendor than the author, where both vendors' keys are set."""
    vendors = options.vendors_with_keys
    try:
        author = provider_of(choices["fix"].model).name
    except ConfigError:
        return {}
    others = [v for v in vendors if provider_of(v.model).name != author]
    if "reviewer" in options.by_role or len(others) in (0, len(vendors)):
        return {}
    other = _of_vendor("reviewer", others[0], "is set too: a second opinion")
    return {"reviewer": other}


def _unknown_roles(options: ModelOptions) -> list[str]:
    known = ", ".join(ROLES)
    return [
        f"MODEL_{role.upper()}: there is no role {role}; known are {known}"
        for role in options.by_role
        if role not in ROLES
    ]


def _problems(
    choices: Mapping[str, Choice], options: ModelOptions, found: Sequence[Installed] | None
) -> list[str]:
    told = []
    for variable, model in named(options).items():
        try:
            told += _problem(variable, model, options, found)
        except ConfigError as error:
            told.append(f"{variable}: {error.message}")
    return told + _remote(choices, options)


def _problem(
    variable: str, model: str, options: ModelOptions, found: Sequence[Installed] | None
) -> list[str]:
    provider = provider_of(model)
    base = options.bases.get(provider.name)
    if provider.key and not options.keys.get(provider.key) and not base:
        return [f"{variable}: {model} needs {provider.key}"]
    if provider.name == "ollama" and found is not None:
        wanted = bare_name(model, provider)
        names = {entry.name for entry in found}
        if not names & {wanted, f"{wanted}:latest"}:
            there = ", ".join(sorted(names)) or "none"
            return [f"{variable}: {model} is not installed (ollama pull {wanted}); there: {there}"]
    return []


def _remote(choices: Mapping[str, Choice], options: ModelOptions) -> list[str]:
    """What LOCAL_ONLY forbids: models elsewhere, and keys that lead there."""
    if not options.local_only:
        return []
    told = []
    models = {**named(options), **{f"role {c.role}": c.model for c in choices.values()}}
    for variable, model in models.items():
        try:
            away = not options.endpoint(model).local
        except ConfigError:
            continue
        if away and (variable in named(options) or model not in named(options).values()):
            told.append(f"{variable}: LOCAL_ONLY forbids {model}, which is not on this machine")
    for vendor in options.vendors_with_keys:
        endpoint = options.endpoint(vendor.model)
        if not endpoint.local:
            told.append(f"{endpoint.provider.key}: LOCAL_ONLY forbids a key of {vendor.name}")
    return told


def _remote_servers(options: ModelOptions) -> list[str]:
    """Servers elsewhere, where nothing may be asked."""
    if not options.local_only:
        return []
    return [
        f"LOCAL_ONLY forbids {base}; LOCAL_HOSTS lists private hosts that may be asked"
        for provider, base in options.bases.items()
        if not options.endpoint(f"{provider}/any").local
    ]


def _oddities(
    choices: Mapping[str, Choice], options: ModelOptions, found: Sequence[Installed] | None
) -> list[str]:
    used = {choice.model for choice in choices.values()} | set(options.fallback)
    told = []
    if found is None and any(provider_of(model).name == "ollama" for model in used):
        where = options.base_of(provider_of("ollama/any"))
        told.append(f"Ollama does not answer at {where}: roles that need it will wait")
    return told


def _wants_ollama(options: ModelOptions) -> bool:
    return any(model.startswith(("ollama/", "ollama_chat/")) for model in named(options).values())
