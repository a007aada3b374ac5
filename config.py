"""Every option, its default and its meaning; the only reader of the environment and of `.env`."""

import difflib
import ipaddress
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRET_MIN_LENGTH = 16
WELL_KNOWN_SECRETS = ("changeme", "change-me", "default", "example", "password", "secret", "test")
CLOSE = 0.85

Names = Annotated[tuple[str, ...], NoDecode]


UNPROTECTED = (
    "SANDBOX=subprocess: code under repair runs on this machine with no protection at all; "
    "SANDBOX=auto takes a sandbox"
)


class SettingsInvalid(ValueError):
    """The environment cannot be used; one problem a line, and no value of any option in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep all problems, so that they can be mended in one go."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class _Group(BaseModel):
    """A part of the settings; its sentence is a headline in `.env.example`."""

    model_config = {"use_attribute_docstrings": True}


class Server(_Group):
    """The server: where it listens, and who may speak to it."""

    host: str = "127.0.0.1"
    """Address to listen on; one that others can reach needs a key."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    api_key: SecretStr = SecretStr("")
    """The operator's key, at least 16 characters; empty is possible on loopback alone."""
    api_keys_file: Path | None = None
    """File of more keys, one a line: `name:scopes:sha256`; scopes read, operate, approve, admin."""
    allowed_hosts: Names = ()
    """Names that the server answers to, comma-separated, beside HOST and the loopback names."""
    trusted_proxies: Names = ()
    """Addresses of proxies whose forwarded headers are believed, comma-separated."""
    cors_origins: Names = ("http://localhost:3000", "http://localhost:5173")
    """Origins of other pages that may ask with a key, comma-separated; never `*`."""
    environment: Literal["dev", "production"] = "dev"
    """`production` refuses to start with anything that is for trying out only."""


class Storage(_Group):
    """Files: what is kept, and where."""

    anton_home: Path = Field(default_factory=lambda: Path(__file__).resolve().parent)
    """Folder that holds `.env` and that relative paths start from; empty is where Anton lies."""
    data_dir: Path = Path("data")
    """Folder of databases, artifacts, environments and reports."""
    local_output_dir: Path = Path("data/output")
    """Folder below which a task may be told to put its files."""
    checkpoints: Literal["sqlite", "memory"] = "sqlite"
    """Where a task's steps are kept; `memory` forgets them with the process."""


class Logs(_Group):
    """Logs."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is written."""
    log_format: Literal["json", "text"] = "json"
    """One JSON object a line, and lines for people on a terminal; or `text`, always."""


class Telemetry(_Group):
    """Traces: spans of all that is done, always in DATA_DIR/traces, and where else they go."""

    otel_exporter_otlp_endpoint: str = ""
    """Base address of what takes spans by OTLP over HTTP, as `http://localhost:4318`."""
    otel_exporter_otlp_headers: SecretStr = SecretStr("")
    """Headers for it, as `name=value,name=value`."""
    langfuse_host: str = "https://cloud.langfuse.com"
    """Address of Langfuse, which gets spans once both keys are set."""
    langfuse_public_key: str = ""
    """Public key of a project there."""
    langfuse_secret_key: SecretStr = SecretStr("")
    """Its secret key."""


class Cloud(_Group):
    """Google's cloud: identities and the log of model calls are kept there."""

    gcp_project_id: str = Field(default="", pattern=r"^$|^[a-z][a-z0-9:.-]{4,61}[a-z0-9]$")
    """Project that keeps identities and the log of model calls; GOOGLE_APPLICATION_CREDENTIALS."""
    firestore_collection: str = Field(default="agents", pattern=r"^[^/.\s][^/\s]{0,199}$")
    """Collection of identities, a document for each role with its versions below it."""
    firestore_emulator_host: str = Field(default="", pattern=r"^$|^(\[[^\]\s]+\]|[\w.-]+):\d+$")
    """Address of an emulator in place of Firestore, as `localhost:8080`; takes no key."""
    bq_dataset: str = Field(default="agent_system", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,1023}$")
    """Dataset of the log; it and its three tables are made at the start if they are missing."""
    bq_location: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    """Where a dataset that is missing is made, as `EU`; empty leaves it to BigQuery."""
    bq_max_bytes_billed: int = Field(default=10 * 1024**3, ge=10 * 1024**2)
    """Bytes that one query of the log may read at most; a greater one is refused by BigQuery."""
    bigquery_emulator_host: str = ""
    """Address of an emulator in place of BigQuery, as `http://localhost:9050`; takes no key."""


class Retained(_Group):
    """Retention: what is forgotten each night, never of open tasks; the audit log is for ever."""

    retention_interactions_days: int = Field(default=90, ge=1, le=36_500)
    """Days after which prompts and replies are forgotten; figures stay."""
    retention_event_days: int = Field(default=365, ge=1, le=36_500)
    """Days after which events are forgotten."""
    retention_precedent_days: int = Field(default=90, ge=1, le=36_500)
    """Days for which a task that ended may be a hint for one that is like it."""


class SandboxOptions(_Group):
    """The sandbox: where the code under repair runs."""

    sandbox: Literal["auto", "bubblewrap", "docker", "e2b", "subprocess"] = "auto"
    """`auto`: e2b with E2B_API_KEY, else bubblewrap, else docker; `subprocess` protects nothing."""
    sandbox_image: str = Field(default="", max_length=255)
    """Image of SANDBOX=docker; empty for one that is made of this machine's Python and tools."""
    docker_host: str = ""
    """Address of the Docker engine, as `unix:///run/docker.sock`; empty for the usual socket."""
    e2b_api_key: SecretStr = SecretStr("")
    """Key of E2B, whose machines then run the code under repair; sent to E2B alone."""
    e2b_template: str = Field(default="base", pattern=r"^[A-Za-z0-9][\w.:/-]{0,127}$")
    """Template of those machines."""
    e2b_api_url: str = Field(default="", pattern=r"^$|^https?://\S+$")
    """Control plane of a cloud of one's own in place of E2B's."""
    e2b_sandbox_url: str = Field(default="", pattern=r"^$|^https?://\S+$")
    """Where the machines of a cloud of one's own are reached."""
    sandbox_timeout_seconds: int = Field(default=3600, ge=60, le=86_400)
    """Seconds after which E2B ends a machine that Anton no longer keeps."""
    sandbox_allow_host: bool = False
    """Lets SANDBOX=subprocess run foreign code on this machine with no protection at all."""
    sandbox_allow_no_memory_limit: bool = False
    """Lets a sandbox open where memory cannot be limited."""
    sandbox_test_seconds: float = Field(default=300.0, gt=0, le=86_400)
    """Wall time of one test run, in seconds."""
    live_demo: Literal["off", "auto", "on"] = "auto"
    """Whether a change that waits for consent is shown live: `auto` begins by itself what this
    machine alone reaches, `on` also what has a public address, as with E2B."""
    live_demo_minutes: float = Field(default=30.0, gt=0, le=1440)
    """Minutes after which a live demo ends; it can be started again while the question waits."""
    live_demos_max: int = Field(default=3, ge=1, le=50)
    """Live demos at once."""
    python_packages: Literal["allow", "cached"] = "allow"
    """Whether what a repository needs may be downloaded, or must be cached already."""
    package_indexes: Names = ()
    """The only indexes of Python packages that are asked, comma-separated; empty: uv's own."""


class Tasks(_Group):
    """Tasks: how many, how long, and how often a step is tried."""

    max_concurrent_tasks: int = Field(default=5, ge=1, le=100)
    """Tasks at work at the same time; waiting ones do not count."""
    max_task_seconds: float = Field(default=3600.0, gt=0)
    """Working time of one task, in seconds; waiting for people does not count."""
    max_task_description_length: int = Field(default=20_000, ge=1, le=500_000)
    """Longest report that is taken, in characters."""
    max_iterations: int = Field(default=3, ge=1, le=10)
    """Attempts at a fix before a person is asked."""
    max_review_rounds: int = Field(default=3, ge=1, le=10)
    """Reviews of one task before a person is asked."""
    max_human_rounds: int = Field(default=5, ge=1, le=50)
    """How often a person may ask for changes."""
    confidence_threshold: float = Field(default=0.70, ge=0, le=1)
    """A diagnosis less sure than this needs a red test, or a person, before a fix is tried."""
    approval_ttl_hours: float = Field(default=72.0, gt=0, le=8_760)
    """Hours after which an unanswered question expires."""


class RoleLimit(BaseModel):
    """What ROLE_LIMITS may change of one role."""

    model_config = {"extra": "forbid"}

    turns: int | None = Field(default=None, ge=1, le=200)
    seconds: float | None = Field(default=None, gt=0, le=86_400)


class Budgets(_Group):
    """Budgets: what models may cost, and how long a role may take."""

    max_task_budget_usd: float = Field(default=0.50, ge=0, le=10_000)
    """US dollars that one task may cost, where its request names no budget."""
    max_task_tokens: int = Field(default=500_000, ge=1)
    """Tokens that one task may use as soon as the price of one of its models is unknown."""
    max_day_budget_usd: float = Field(default=10.0, ge=0, le=1_000_000)
    """US dollars that all calls of one day, UTC, may cost; unknown prices count by their tokens."""
    max_tokens_per_hour: int | None = Field(default=None, ge=1)
    """Tokens that all calls of sixty minutes may use; empty for no limit."""
    role_limits: Annotated[dict[str, RoleLimit], NoDecode] = Field(default_factory=dict)
    """Turns, and seconds of answers and tools, of roles: {"fix": {"turns": 20, "seconds": 300}}."""


class ModelPrice(BaseModel):
    """What MODEL_PRICES says of one model, in US dollars a million tokens."""

    model_config = {"extra": "forbid", "populate_by_name": True}

    sent: float = Field(alias="in", ge=0)
    received: float = Field(alias="out", ge=0)
    cached: float | None = Field(default=None, ge=0)


Parameters = Annotated[dict[str, dict[str, Any]], NoDecode]
Prices = Annotated[dict[str, ModelPrice], NoDecode]


class Models(_Group):
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
    agent_llm_params: Parameters = Field(default_factory=dict)
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
    ollama_base_url: str = ""
    """Address of Ollama, as `http://localhost:11434`; where no model is named, its best works."""
    openai_api_base: str = ""
    """Address of a server that speaks OpenAI's protocol, as `http://localhost:8080/v1`."""
    anthropic_api_key: SecretStr = SecretStr("")
    """Key for `claude-…`."""
    openai_api_key: SecretStr = SecretStr("")
    """Key for `gpt-…` and `openai/…`."""
    gemini_api_key: SecretStr = SecretStr("")
    """Key for `gemini/…`."""
    deepseek_api_key: SecretStr = SecretStr("")
    """Key for `deepseek/…`."""
    groq_api_key: SecretStr = SecretStr("")
    """Key for `groq/…`."""
    openrouter_api_key: SecretStr = SecretStr("")
    """Key for `openrouter/organisation/model`, with `:free` for what costs nothing."""


PATHS = (
    "anton_home",
    "data_dir",
    "local_output_dir",
    "api_keys_file",
    "approvers_file",
    "repos_file",
    "repo_cwd",
)
"""Options that start from ANTON_HOME when they are relative."""
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


Owners = Annotated[dict[str, tuple[str, ...]], NoDecode]


class ConsentRules(_Group):
    """Consent: whose word counts for a change."""

    telegram_chat_id: str = Field(default="", pattern=r"^(-?[0-9]{1,20})?$")
    """Chat in Telegram that is asked; the person of a private chat may also decide."""
    telegram_approver_ids: Names = ()
    """Numeric ids of those who may decide in Telegram, comma-separated."""
    slack_channel: str = ""
    """Channel in Slack that is asked, by its id or its name without #."""
    slack_approver_ids: Names = ()
    """Ids of those who may decide in Slack, as U024BE7LH; empty: all in SLACK_CHANNEL."""
    approvers_file: Path | None = None
    """File of `channel:id` lines in place of both lists; a change counts from the next decision."""
    approval_two_for: Literal["none", "high", "critical"] = "none"
    """Risk from which on two different persons have to approve a change."""
    auto_approve_risk: Literal["none", "low", "medium"] = "none"
    """Risk up to which a proven change passes without a person; high and critical always ask."""
    repos_file: Path | None = None
    """YAML file with autonomy, profile and budgets of each repository; empty: none has its own."""
    approval_forbid_requester: bool = False
    """Whether whoever asked for a task is kept from approving its change."""
    people: Owners = Field(default_factory=dict)
    """Accounts of one person, JSON, as `{"ann": ["telegram:4711", "slack:U024BE7LH"]}`."""


class Telegram(_Group):
    """Telegram: a bot that asks and listens there."""

    telegram_bot_token: SecretStr = SecretStr("")
    """Token of the bot, from BotFather; without one Telegram is off."""
    telegram_proxy: SecretStr = SecretStr("")
    """Proxy to Telegram, as `socks5://user:password@host:1080`; http, https or socks5."""
    telegram_api_url: str = "https://api.telegram.org"
    """Address of the Bot API; another one for a server of your own."""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    """`polling` needs no public address; `webhook` is called at TELEGRAM_WEBHOOK_URL."""
    telegram_webhook_url: str = ""
    """Public address that leads to `/webhooks/telegram` here, with https."""


class Slack(_Group):
    """Slack: the app that shows messages there, and hears what is tapped and written."""

    slack_bot_token: SecretStr = SecretStr("")
    """Token of the app's bot, as `xoxb-…`; with it and SLACK_CHANNEL, people are asked in Slack."""
    slack_signing_secret: SecretStr = SecretStr("")
    """Secret of the app that its requests are signed with; two by a comma while one is replaced."""
    slack_api_url: str = "https://slack.com/api"
    """Address of Slack's Web API; another one for GovSlack."""
    slack_team_id: str = Field(default="", pattern=r"^(T[A-Z0-9]{2,20})?$")
    """Workspace that is listened to, as T024BE7LH; empty: the one of the token."""
    slack_app_id: str = Field(default="", pattern=r"^(A[A-Z0-9]{2,20})?$")
    """App that is listened to, as A024BE7LH; empty: whichever the signing secret belongs to."""


class Learning(_Group):
    """Learning: what roles make of the tasks that they completed."""

    reflection_enabled: bool = True
    """Whether roles think about their tasks and change their rules; uses are counted anyway."""
    reflection_interval: int = Field(default=3, ge=1, le=1000)
    """Completed tasks of a role after which it thinks about them."""
    reflection_dry_run: bool = False
    """Log what would change of the rules, and change nothing."""
    reflection_max_rule_length: int = Field(default=200, ge=15, le=500)
    """Characters of a rule at most."""
    reflection_prune: bool = True
    """Withdraw rules that were used in 10 tasks of which less than 55 % ended well, or never."""
    reflection_holdout: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the tasks that each rule is left out of, to see what it does."""
    recall_across_repos: bool = False
    """Whether an earlier task of another repository may be shown as a hint."""


class Asking(_Group):
    """Asking: when people are asked, when again, and where else."""

    approval_remind_minutes: float = Field(default=30.0, gt=0, le=10_000)
    """Minutes after which a question that nobody answers is asked again."""
    approval_alarm_minutes: float = Field(default=60.0, gt=0, le=10_000)
    """Minutes after which it is asked loudly, and in ESCALATION_CHANNEL too."""
    escalation_channel: str = Field(default="", pattern=r"^$|^[a-z]+:\S+$")
    """Where else to ask then, as `slack:oncall-leads` or `telegram:-1001234567890`."""
    public_url: str = ""
    """Where people reach this server from elsewhere; messages then link to the page of a task."""
    quiet_hours: str = ""
    """Hours in which P2 to P4 are not asked about, as `22:00-07:00 Europe/Berlin`; UTC else."""


class OfflineEngine(_Group):
    """The offline engine: bounds of its search."""

    offline_max_candidates: int = Field(default=2000, ge=1)
    """Candidate edits that are tried at most."""
    offline_max_seconds: float = Field(default=300.0, gt=0)
    """Seconds that are searched at most."""
    offline_workers: int = Field(default=0, ge=0, le=256)
    """Candidates judged at the same time; 0 is one for each core."""


class CodeHosts(_Group):
    """Code hosts: which repositories may be worked on, and how a fix is handed over."""

    repositories: Names = ()
    """What REST may name, comma-separated paths and `owner/repo`; empty: any path, on loopback."""
    repo_cwd: Path | None = None
    """Local repository to work on when none is named."""
    github_repo: str = Field(default="", pattern=r"^$|^[A-Za-z0-9][\w.-]*/[\w.-]+$")
    """GitHub repository to work on when none is named, as `owner/repo`."""
    github_token: SecretStr = SecretStr("")
    """Token to write contents and pull requests, and read actions; without one fixes stay local."""
    github_api_url: str = "https://api.github.com"
    """Address of the GitHub API; another one for GitHub Enterprise."""
    github_write_interval_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds between two writes to GitHub, which asks for one; Enterprise may need none."""
    branch_prefix: str = "anton/"
    """Beginning of every branch that Anton makes; he writes to no other."""
    commit_style: Literal["split", "single", "per_file"] = "split"
    """Tests and fix in two commits, all in one, or one for each file."""
    pr_draft: bool = False
    """Whether pull requests are opened as drafts."""


GROUPS: tuple[type[_Group], ...] = (
    Server,
    Storage,
    Logs,
    Telemetry,
    Cloud,
    Retained,
    SandboxOptions,
    Tasks,
    ConsentRules,
    Telegram,
    Slack,
    Learning,
    Asking,
    Models,
    Budgets,
    OfflineEngine,
    CodeHosts,
)


class Settings(
    BaseSettings,
    CodeHosts,
    OfflineEngine,
    Budgets,
    Models,
    Learning,
    Asking,
    Telegram,
    Slack,
    ConsentRules,
    Tasks,
    SandboxOptions,
    Retained,
    Cloud,
    Telemetry,
    Logs,
    Storage,
    Server,
):
    """All options; made by `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        env_file_encoding="utf-8",
    )

    @field_validator(
        "allowed_hosts",
        "trusted_proxies",
        "cors_origins",
        "repositories",
        "model_fallback",
        "local_hosts",
        "package_indexes",
        "telegram_approver_ids",
        "slack_approver_ids",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator(
        "role_limits",
        "model_llm_params",
        "agent_llm_params",
        "model_prices",
        "people",
        mode="before",
    )
    @classmethod
    def _json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ValueError(f"should be JSON: {error.msg} at {where}") from None

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "api_key",
        "github_token",
        "telegram_proxy",
        "slack_bot_token",
        "slack_signing_secret",
        *VENDOR_KEYS,
    )
    @classmethod
    def _one_line(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.isascii() or any(sign.isspace() or not sign.isprintable() for sign in text):
            raise ValueError("should be printable ASCII without blanks")
        return value

    @field_validator("telegram_bot_token")
    @classmethod
    def _of_a_bot(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(\d{5,20}:[\w-]{30,100})?", value.get_secret_value(), re.ASCII):
            raise ValueError("should be digits, a colon and at least 30 signs, as BotFather gives")
        return value

    @field_validator("telegram_proxy")
    @classmethod
    def _proxy(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"((https?|socks5h?)://\S+)?", value.get_secret_value()):
            raise ValueError("should begin with http://, https:// or socks5://")
        return value

    @field_validator("telegram_webhook_url", "public_url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        return cls._secure(value) if value else ""

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9.-]+|\[?[0-9A-Fa-f:.]+\]?", name):
                raise ValueError("should hold host names without port or wildcard")
        return tuple(name.strip("[]").lower() for name in value)

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", origin):
                raise ValueError("should hold origins such as https://anton.example, never `*`")
        return value

    @field_validator("repositories")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"/.+|https?://[^@]+|[A-Za-z0-9][\w.-]*/[\w.-]+", name):
                raise ValueError("should hold absolute paths, addresses and `owner/repo` names")
        return value

    @field_validator("package_indexes")
    @classmethod
    def _indexes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cls._secure(address) for address in value)

    @field_validator("github_api_url", "telegram_api_url", "slack_api_url")
    @classmethod
    def _secure(cls, value: str) -> str:
        match = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^/:@\s]+)(:\d+)?(/[^\s?#]*)?", value)
        if not match:
            raise ValueError("should be an address such as https://host/path")
        if match[1] == "http" and not is_loopback(match[2].strip("[]")):
            raise ValueError("should begin with https:// unless it is on loopback")
        return value.rstrip("/")

    @field_validator("otel_exporter_otlp_headers")
    @classmethod
    def _headers(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(\s*[\w-]+=[^,\s]+\s*(,|$))*", value.get_secret_value()):
            raise ValueError("should be headers such as `name=value,name=value`")
        return value

    @field_validator("langfuse_host")
    @classmethod
    def _of_langfuse(cls, value: str) -> str:
        return cls._secure(value)

    @field_validator(
        "ollama_base_url",
        "openai_api_base",
        "bigquery_emulator_host",
        "otel_exporter_otlp_endpoint",
    )
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(
            r"https?://(\[[^\]@]+\]|[^/:@\s]+)(:\d+)?(/[^\s?#]*)?", value
        ):
            raise ValueError("should be an address such as http://localhost:11434")
        return value.rstrip("/")

    @field_validator("agent_llm_params")
    @classmethod
    def _of_roles(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name.removesuffix("_agent") not in (*MODEL_ROLES, "code_reviewer"):
                raise ValueError(f"knows no role {name}; known are {', '.join(MODEL_ROLES)}")
        return value

    @field_validator("slack_channel")
    @classmethod
    def _channel(cls, value: str) -> str:
        if not re.fullmatch(r"#?[\w-]{0,80}", value):
            raise ValueError("should be the id of a channel or its name, as `incidents`")
        return value.removeprefix("#")

    @field_validator("telegram_approver_ids")
    @classmethod
    def _numeric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[0-9]{1,20}", person) for person in value):
            raise ValueError("should hold numeric ids of people, never names, which can be taken")
        return value

    @field_validator("slack_approver_ids")
    @classmethod
    def _of_slack(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[UW][A-Z0-9]{2,20}", person) for person in value):
            raise ValueError("should hold ids of people such as U024BE7LH, never their names")
        return value

    @field_validator("people")
    @classmethod
    def _one_owner(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        accounts = [account for owned in value.values() for account in owned]
        if not all(re.fullmatch(r"[a-z]+:[\w.@-]+", account) for account in accounts):
            raise ValueError("should hold accounts written `channel:id`")
        if len(accounts) != len(set(accounts)):
            raise ValueError("gives one account to two names")
        return value

    @field_validator("branch_prefix")
    @classmethod
    def _own_folder(cls, value: str) -> str:
        if not re.fullmatch(r"([a-z0-9_][a-z0-9_-]*/)+", value) or value.startswith("refs/"):
            raise ValueError("should be lower-case and end with a slash, as `anton/`")
        return value

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        home = self.anton_home.expanduser().absolute()
        anchored = {
            name: home / path.expanduser()
            for name in PATHS
            if (path := getattr(self, name)) is not None
        }
        self.__dict__.update(anchored)
        return self

    @property
    def unprotected(self) -> bool:
        """Whether foreign code runs on this machine itself."""
        return self.sandbox == "subprocess"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def has_key(self) -> bool:
        """Whether a caller has to show a key."""
        return bool(self.api_key.get_secret_value()) or self.api_keys_file is not None

    def is_here(self, address: str) -> bool:
        """Whether an address leads to this machine, or to a private host that was listed."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        return is_loopback(host) or bool({host, parts.netloc.lower()} & set(self.local_hosts))

    @property
    def slack_signing_secrets(self) -> tuple[str, ...]:
        """The secrets that count now; two while one is being replaced."""
        parts = self.slack_signing_secret.get_secret_value().split(",")
        return tuple(part.strip() for part in parts if part.strip())

    @property
    def langfuse_keys(self) -> tuple[str, str]:
        """Public and secret key; both are set, or Langfuse gets nothing."""
        return self.langfuse_public_key, self.langfuse_secret_key.get_secret_value()

    @property
    def otlp_headers(self) -> dict[str, str]:
        """The headers by name."""
        pairs = self.otel_exporter_otlp_headers.get_secret_value().split(",")
        return dict(pair.strip().split("=", 1) for pair in pairs if pair.strip())

    def described(self) -> list[dict[str, Any]]:
        """All options as plain JSON, in the order of the groups; of secrets only whether set.

        Of each its name, group, meaning, value, whether it is secret, and whether it is changed.
        """
        plain = self.model_dump(mode="json")
        return [
            {
                "name": name.upper(),
                "group": (group.__doc__ or "").partition(":")[0].rstrip("."),
                "meaning": field.description or "",
                "value": _secrecy(value) if isinstance(value, SecretStr) else plain[name],
                "secret": isinstance(value, SecretStr),
                "changed": value != field.get_default(call_default_factory=True),
            }
            for group in GROUPS
            for name, field in group.model_fields.items()
            for value in (getattr(self, name),)
        ]

    def secrets(self) -> tuple[str, ...]:
        """The values that no log, event or document may hold."""
        values = (getattr(self, name) for name in type(self).model_fields)
        held = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return tuple({part: None for text in held for part in (text, *text.split(",")) if part})


def _secrecy(value: SecretStr) -> str:
    return "set" if value.get_secret_value() else "not set"


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches a server on this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**chosen: Any) -> tuple[Settings, tuple[str, ...]]:
    """The settings and what is odd about them; `chosen` options that are not None win.

    Raises SettingsInvalid with every problem at once.
    """
    file = Path(os.environ.get("ANTON_HOME") or Path(__file__).parent).expanduser() / ".env"
    in_file: dict[str, str | None] = {}
    try:
        in_file = dotenv_values(file, encoding="utf-8") if file.is_file() else {}
        unknown = [*_unknown_roles({**in_file, **os.environ})]
        settings = Settings(
            _env_file=file, **{name: value for name, value in chosen.items() if value is not None}
        )
    except ValidationError as error:
        raise SettingsInvalid([*_problems(error), *unknown]) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid([f"{file} cannot be read: it should be UTF-8 text"]) from None
    if unknown:
        raise SettingsInvalid(unknown)
    names = [*os.environ, *in_file]
    return settings, (
        *_file_warnings(file),
        *_name_warnings(names),
        *_key_warnings(settings),
        *_approver_warnings(settings),
        *_slack_warnings(settings),
        *([UNPROTECTED] if settings.unprotected else []),
    )


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        text = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        yield f"{name}: {text}"


def _file_warnings(file: Path) -> Iterator[str]:
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{file} can be read by others: chmod 600 {file}"


def _unknown_roles(values: Mapping[str, str | None]) -> Iterator[str]:
    known = {name.upper() for name in Settings.model_fields}
    for name in sorted({name.upper() for name, value in values.items() if value} - known):
        if re.fullmatch(r"MODEL_[A-Z_]+", name):
            yield f"{name}: there is no such role; known are {', '.join(MODEL_ROLES)}"


def _key_warnings(settings: "Settings") -> Iterator[str]:
    key = settings.api_key.get_secret_value()
    sign = next((sign for sign in KEY_SIGNS if key.startswith(sign)), None)
    if sign:
        yield f"API_KEY guards Anton's own REST; a key of a model belongs into {KEY_SIGNS[sign]}"


def _approver_warnings(settings: "Settings") -> Iterator[str]:
    if settings.approvers_file:
        return
    if settings.slack_channel and not settings.slack_approver_ids:
        yield "SLACK_APPROVER_IDS names nobody: everybody who answers in SLACK_CHANNEL may decide"
    if settings.telegram_chat_id.startswith("-") and not settings.telegram_approver_ids:
        yield "TELEGRAM_APPROVER_IDS names nobody: in a group of Telegram nobody may decide"


def _slack_warnings(settings: "Settings") -> Iterator[str]:
    if settings.slack_bot_token.get_secret_value() and not settings.slack_signing_secrets:
        yield "SLACK_SIGNING_SECRET is missing: Slack shows messages, and nothing tapped is heard"


def _name_warnings(names: Iterable[str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted({name.upper() for name in names} & set(MISNAMED)):
        yield f"{name} is no option of Anton; did you mean {MISNAMED[name]}?"
    unknown = {name for name in names if name.upper() not in (*known, *MISNAMED)}
    for name in sorted(unknown):
        if close := difflib.get_close_matches(name.upper(), known, n=1, cutoff=CLOSE):
            yield f"{name} is no option of Anton; did you mean {close[0]}?"


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


def env_example() -> str:
    """The text of `.env.example`: every option with meaning and default, commented out."""
    lines = [
        "# Made by `python config.py > .env.example`. Copy to `.env`, chmod 600, and change what",
        "# you need; the environment wins over the file.",
    ]
    for group in GROUPS:
        lines += ["", f"## {(group.__doc__ or '').strip()}"]
        for name, field in group.model_fields.items():
            default = "" if field.default_factory else _shown(field.default)
            lines += [f"# {field.description}", f"# {name.upper()}={default}"]
    return "\n".join(lines) + "\n"


def reference() -> str:
    """The text of `docs/configuration.md`: every option in a table for each group."""
    lines = [
        "# Configuration",
        "",
        "Options come from the environment, or from `.env` in the folder of Anton (`ANTON_HOME`);",
        "the environment wins. A bad value ends the start, and all of them are listed at once.",
        "This page is made by `python config.py reference > docs/configuration.md`.",
    ]
    for group in GROUPS:
        lines += ["", f"## {(group.__doc__ or '').strip().rstrip('.')}", ""]
        lines += ["| option | values | default | meaning |", "|---|---|---|---|"]
        for name, field in group.model_fields.items():
            default = "" if field.default_factory else _shown(field.default)
            cells = (
                f"`{name.upper()}`",
                _values(field.annotation),
                f"`{default}`" if default else "",
                field.description or "",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _values(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    for kind, words in (
        (bool, "`true`, `false`"),
        (int, "whole number"),
        (int | None, "whole number"),
        (dict[str, RoleLimit], "JSON"),
        (dict[str, dict[str, Any]], "JSON"),
        (dict[str, ModelPrice], "JSON"),
        (dict[str, tuple[str, ...]], "JSON"),
        (float, "number"),
        (SecretStr, "secret"),
        (Path, "path"),
        (Path | None, "path"),
        (tuple[str, ...], "list"),
    ):
        if annotation == kind:
            return words
    return "text"


def _shown(default: object) -> str:
    if default is None or isinstance(default, SecretStr):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


if __name__ == "__main__":
    sys.stdout.write(reference() if sys.argv[1:] == ["reference"] else env_example())
