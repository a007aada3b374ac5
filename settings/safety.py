"""What must not run at all, and the remedy."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from settings.problems import SettingsInvalid
from settings.whole import Settings

SECRET_MIN_LENGTH = 16
WELL_KNOWN_SECRETS = ("changeme", "change-me", "default", "example", "password", "secret", "test")


def refuse_unsafe(settings: Settings, *, serving: bool) -> None:
    """Refuse what must not run at all; `serving` judges address and keys too.

    Raises SettingsInvalid with every reason and its remedy.
    """
    reasons = list(_unsafe_anywhere(settings))
    if serving:
        reasons += _unsafe_server(settings)
    if reasons:
        raise SettingsInvalid(reasons)


def _unsafe_anywhere(settings: Settings) -> Iterator[str]:
    production = settings.environment == "production"
    if settings.sandbox == "subprocess" and production:
        yield "SANDBOX: subprocess protects nothing and is refused in production; use bubblewrap"
    elif settings.sandbox == "subprocess" and not settings.sandbox_allow_host:
        yield "SANDBOX: subprocess protects nothing; SANDBOX_ALLOW_HOST=true says that you know"
    yield from _unsafe_e2b(settings)
    if settings.checkpoints == "memory" and production:
        yield "CHECKPOINTS: memory loses every task with the process and is refused in production"
    named = settings.slack_approver_ids or settings.approvers_file
    if settings.slack_channel and not named and production:
        yield (
            "SLACK_APPROVER_IDS: production needs those who may decide by id; "
            "membership in SLACK_CHANNEL is not enough"
        )
    for name in ("api_key", "github_token"):
        secret = getattr(settings, name).get_secret_value()
        if secret and is_weak(secret):
            yield (
                f"{name.upper()}: too short or too well known; at least {SECRET_MIN_LENGTH} "
                "characters, such as those of: python -c 'import secrets; "
                "print(secrets.token_urlsafe(32))'"
            )
    yield from _unsafe_slack(settings)
    yield from _unsafe_telemetry(settings)
    if settings.local_only and settings.gcp_project_id:
        yield "GCP_PROJECT_ID: LOCAL_ONLY forbids Google's cloud; unset one"
    yield from _unsafe_telegram(settings)
    if settings.local_only and not settings.is_here(settings.github_api_url):
        for name in ("github_token", "github_repo"):
            value = getattr(settings, name)
            if value.get_secret_value() if isinstance(value, SecretStr) else value:
                yield f"{name.upper()}: LOCAL_ONLY forbids {settings.github_api_url}; unset one"


def _unsafe_e2b(settings: Settings) -> Iterator[str]:
    keyed = bool(settings.e2b_api_key.get_secret_value())
    if settings.sandbox == "e2b" and not keyed:
        yield "E2B_API_KEY: SANDBOX=e2b needs a key; get one at e2b.dev"
    urls = (settings.e2b_api_url, settings.e2b_sandbox_url)
    is_here = all(url and settings.is_here(url) for url in urls)
    if settings.local_only and not is_here and (keyed or settings.sandbox == "e2b"):
        yield "E2B_API_KEY: LOCAL_ONLY forbids E2B, which runs code elsewhere; unset one"


def _unsafe_telegram(settings: Settings) -> Iterator[str]:
    if not settings.telegram_bot_token.get_secret_value():
        return
    if not settings.telegram_chat_id:
        yield "TELEGRAM_CHAT_ID: the bot needs to know where to ask; write to it, and take your id"
    if settings.telegram_mode == "webhook" and not settings.telegram_webhook_url:
        yield "TELEGRAM_WEBHOOK_URL: TELEGRAM_MODE=webhook needs an address that Telegram reaches"
    proxy = settings.telegram_proxy.get_secret_value()
    for address in filter(None, (settings.telegram_api_url, proxy)):
        if settings.local_only and not settings.is_here(address):
            host = urlsplit(address).hostname
            yield f"TELEGRAM_BOT_TOKEN: LOCAL_ONLY forbids {host}; unset one"


def _unsafe_telemetry(settings: Settings) -> Iterator[str]:
    public, secret = settings.langfuse_keys
    if bool(public) != bool(secret):
        missing = "LANGFUSE_SECRET_KEY" if public else "LANGFUSE_PUBLIC_KEY"
        yield f"{missing}: Langfuse needs both keys; set it, or unset the other"
    places = {"OTEL_EXPORTER_OTLP_ENDPOINT": settings.otel_exporter_otlp_endpoint}
    if public and secret:
        places["LANGFUSE_PUBLIC_KEY"] = settings.langfuse_host
    for name, address in places.items():
        if address and settings.local_only and not settings.is_here(address):
            yield f"{name}: LOCAL_ONLY forbids {address}; unset one"


def _unsafe_slack(settings: Settings) -> Iterator[str]:
    token, secrets = settings.slack_bot_token.get_secret_value(), settings.slack_signing_secrets
    if token and not settings.slack_channel:
        yield "SLACK_CHANNEL: SLACK_BOT_TOKEN needs the channel that is asked"
    if secrets and not token:
        yield "SLACK_BOT_TOKEN: SLACK_SIGNING_SECRET needs the token that answers are sent with"
    if len(secrets) > 2:
        yield "SLACK_SIGNING_SECRET: no more than two secrets count at once"
    if any(map(is_weak, secrets)):
        yield "SLACK_SIGNING_SECRET: too short or too well known; copy it from the app's page"
    if settings.local_only and token and not settings.is_here(settings.slack_api_url):
        yield f"SLACK_BOT_TOKEN: LOCAL_ONLY forbids {settings.slack_api_url}; unset one"


def _unsafe_server(settings: Settings) -> Iterator[str]:
    if settings.has_key:
        return
    if not settings.on_loopback:
        yield "API_KEY: an address that others can reach needs a key; or use HOST=127.0.0.1"
    elif settings.environment == "production":
        yield "API_KEY: production needs a key, on loopback too"


def is_weak(secret: str) -> bool:
    """Whether a secret is short, of few signs, or a well-known word stretched."""
    plain = secret.lower()
    return (
        len(secret) < SECRET_MIN_LENGTH
        or len(set(secret)) < SECRET_MIN_LENGTH // 2
        or any(len(plain.replace(word, "")) < SECRET_MIN_LENGTH // 2 for word in WELL_KNOWN_SECRETS)
    )
