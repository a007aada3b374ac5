"""What is odd about settings that can be used."""

import difflib
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from settings.models import MODEL_ROLES
from settings.whole import Settings

CLOSE = 0.85
UNPROTECTED = (
    "SANDBOX=subprocess: code under repair runs on this machine with no protection at all; "
    "SANDBOX=auto takes a sandbox"
)
MISNAMED = {
    "BASE_URL": "OPENAI_API_BASE, or OLLAMA_BASE_URL",
    "OPENAI_BASE_URL": "OPENAI_API_BASE",
    "OLLAMA_API_BASE": "OLLAMA_BASE_URL",
    "GOOGLE_API_KEY": "GEMINI_API_KEY",
}
KEY_SIGNS = {
    "sk-ant-": "ANTHROPIC_API_KEY",
    "sk-or-": "OPENROUTER_API_KEY",
    "gsk_": "GROQ_API_KEY",
    "AIza": "GEMINI_API_KEY",
    "sk-": "OPENAI_API_KEY",
}
"""How keys of vendors begin, longer beginnings first."""


def oddities(settings: Settings, names: Collection[str], file: Path) -> Iterator[str]:
    """What a person should look at; `names` are those of the environment and of the `file`."""
    yield from _of_the_file(file)
    yield from _of_names(names)
    yield from _of_keys(settings)
    yield from _of_approvers(settings)
    yield from _of_slack(settings)
    if settings.unprotected:
        yield UNPROTECTED


def unknown_roles(values: Mapping[str, str | None]) -> Iterator[str]:
    """What names a model for a role that is not there, which must not be passed over."""
    known = {name.upper() for name in Settings.model_fields}
    for name in sorted({name.upper() for name, value in values.items() if value} - known):
        if re.fullmatch(r"MODEL_[A-Z_]+", name):
            yield f"{name}: there is no such role; known are {', '.join(MODEL_ROLES)}"


def _of_the_file(file: Path) -> Iterator[str]:
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{file} can be read by others: chmod 600 {file}"


def _of_names(names: Iterable[str]) -> Iterator[str]:
    known = {name.upper() for name in Settings.model_fields} | set(MISNAMED)
    for name in sorted({name.upper() for name in names} & set(MISNAMED)):
        yield f"{name} is no option of Anton; did you mean {MISNAMED[name]}?"
    for name in sorted({name for name in names if name.upper() not in known}):
        if close := _closest(name.upper()):
            yield f"{name} is no option of Anton; did you mean {close}?"


@lru_cache(maxsize=1000)
def _closest(name: str) -> str:
    """The option that a name may have been meant for, or nothing.

    Each sign that only one of two names has is left over in every comparison of them, so most
    options are too far away without one: a process has dozens of names, and options are hundreds.
    """
    signs = set(name)
    near = [
        option
        for option in map(str.upper, Settings.model_fields)
        if len(signs.symmetric_difference(option)) <= (1 - CLOSE) * (len(name) + len(option))
    ]
    return next(iter(difflib.get_close_matches(name, near, n=1, cutoff=CLOSE)), "")


def _of_keys(settings: Settings) -> Iterator[str]:
    key = settings.api_key.get_secret_value()
    sign = next((sign for sign in KEY_SIGNS if key.startswith(sign)), None)
    if sign:
        yield f"API_KEY guards Anton's own REST; a key of a model belongs into {KEY_SIGNS[sign]}"


def _of_approvers(settings: Settings) -> Iterator[str]:
    if settings.approvers_file:
        return
    if settings.slack_channel and not settings.slack_approver_ids:
        yield "SLACK_APPROVER_IDS names nobody: everybody who answers in SLACK_CHANNEL may decide"
    if settings.telegram_chat_id.startswith("-") and not settings.telegram_approver_ids:
        yield "TELEGRAM_APPROVER_IDS names nobody: in a group of Telegram nobody may decide"


def _of_slack(settings: Settings) -> Iterator[str]:
    if settings.slack_bot_token.get_secret_value() and not settings.slack_signing_secrets:
        yield "SLACK_SIGNING_SECRET is missing: Slack shows messages, and nothing tapped is heard"
