"""A repair at DEBUG with a canary in every secret option: not one gets out, whoever repeats it."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr

from cli import exporting
from cli.arguments import parse
from config import Settings, load_settings
from observability import records
from observability.redaction import MASK, Redactor
from tests.fakes.otlp_server import OtlpServer
from tests.fakes.repositories import git
from tests.workflows.house import house
from tests.workflows.test_cassettes import CASSETTES, played

pytestmark = pytest.mark.needs_bubblewrap
SECRET_OPTIONS = tuple(
    name for name, field in Settings.model_fields.items() if isinstance(field.default, SecretStr)
)
SHAPED = {
    "telegram_bot_token": "7700112233:AAcanaryTelegram_0123456789abcdefgh",
    "telegram_proxy": "socks5://ann:canary-of-proxy-91@127.0.0.1:9",
    "otel_exporter_otlp_headers": "x-team-key=canary/otlp+header==7",
    "openai_api_key": "",
}
"""Options that not every text fits; a key that would choose a model is left out."""
BESIDE: dict[str, Any] = {
    "sandbox": "bubblewrap",
    "telegram_chat_id": "7",
    "slack_channel": "C01",
    "langfuse_public_key": "pk-public",
    "langfuse_host": "http://127.0.0.1:9",
    "telegram_api_url": "http://127.0.0.1:9",
    "slack_api_url": "http://127.0.0.1:9",
}
"""What the options with a secret need beside it, so that nobody is reached."""
SAID_AFTER = (
    '"reasoning": "',
    '"root_cause": "',
    '"context_summary": "',
    "The fault is in ",
    "has to read the words off",
)
"""Where in the recorded replies the model is made to repeat what it was told."""


def canary(name: str) -> str:
    return SHAPED.get(name, f"cn/{name.replace('_', '-')}+{len(name)}==Z{name[::-1][:4]}")


CANARIES: dict[str, Any] = {name: canary(name) for name in SECRET_OPTIONS if canary(name)}


def spellings(secret: str) -> Iterator[str]:
    """The ways in which somebody could still read it, each at its least."""
    raw = secret.encode()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield raw.hex()
    yield raw.hex().upper()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        yield base64.b64encode(bytes(before) + raw).decode()[first:last]
        yield base64.urlsafe_b64encode(bytes(before) + raw).decode()[first:last]


def repeated(secret: str) -> Iterator[str]:
    """The same as somebody would repeat it, alone and in a greater text."""
    yield from (form for form in spellings(secret) if secret in form or "%" in form)
    for around in (secret, f"user:{secret}", f"Basic ab{secret}."):
        yield base64.b64encode(around.encode()).decode()
        yield base64.urlsafe_b64encode(around.encode()).decode()
        yield around.encode().hex()


def parts() -> dict[str, set[str]]:
    """What may be found nowhere, by option; of a header its value alone is secret."""
    secrets = {**CANARIES, "otel_exporter_otlp_headers": "canary/otlp+header==7"}
    return {name: set(spellings(secret)) for name, secret in secrets.items()}


def leaks(texts: dict[str, bytes]) -> list[tuple[str, str]]:
    """Which option is to be read in which text."""
    return [
        (where, name)
        for where, data in texts.items()
        for name, forms in parts().items()
        if any(form.encode() in data for form in forms)
    ]


def files(folder: Path) -> dict[str, bytes]:
    """All that lies in a folder, but for what was installed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != "environments"
    }


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    records.set_up("DEBUG", "json", Redactor(secrets()), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def secrets() -> tuple[str, ...]:
    return load_settings(**CANARIES, **BESIDE)[0].secrets()


def chatty(folder: Path, told: str) -> Path:
    """The recorded replies, in which the model repeats what it should not know."""
    cassette = json.loads((CASSETTES / "flags-workflow.json").read_text())
    for reply in cassette["reply"]:
        for place in SAID_AFTER:
            reply["text"] = reply["text"].replace(place, f"{place}{told} ", 1)
    script = folder / "chatty.json"
    script.write_text(json.dumps(cassette))
    return script


def test_every_secret_option_has_a_canary() -> None:
    assert set(SECRET_OPTIONS) - set(CANARIES) == {"openai_api_key"}
    assert leaks({"as it is": CANARIES["api_key"].encode()}) == [("as it is", "api_key")]
    encoded = base64.b64encode(CANARIES["github_token"].encode())
    assert leaks({"encoded": encoded}) == [("encoded", "github_token")]


async def test_no_canary_is_found_anywhere(
    tmp_path: Path, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    told = " ".join(form for secret in CANARIES.values() for form in repeated(secret))
    with OtlpServer() as otlp:
        options = {**CANARIES, **BESIDE, "otel_exporter_otlp_endpoint": otlp.url}
        task, repository = await played(
            "flags-workflow", tmp_path, script=chatty(tmp_path, told), options=options
        )
        sent = {span.name: span.SerializeToString() for span in otlp.spans}
    assert task.outcome == "fixed"
    logging.getLogger("somebody").error("it says %s", told)
    alone: dict[str, Any] = {**CANARIES, **BESIDE}
    async with house(tmp_path, **alone) as here:
        await exporting.export(here.anton, parse(["export", "interactions"]))
        await exporting.export(here.anton, parse(["export", "preferences"]))
        await exporting.export(here.anton, parse(["export", "incidents"]))
    texts = {
        **files(tmp_path / "data"),
        **{f"span {name}": data for name, data in sent.items()},
        "log": logged.getvalue().encode(),
        "exports": capsys.readouterr().out.encode(),
        "branch": git(repository, "log", "--all", "-p").encode(),
        "account": json.dumps(task.result).encode(),
    }
    assert {"events.db", "interactions.db", "traces/spans.jsonl"} <= texts.keys()
    assert "span node fix" in texts
    assert leaks(texts) == []
    assert MASK.encode() in texts["interactions.db"]
    assert MASK in logged.getvalue()
