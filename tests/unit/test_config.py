"""Settings: one door for the environment, all errors at once, nothing secret said."""

import stat
from pathlib import Path

import pytest

from config import (
    GROUPS,
    Settings,
    SettingsInvalid,
    env_example,
    is_loopback,
    is_weak,
    load_settings,
    reference,
    refuse_unsafe,
)

ROOT = Path(__file__).parent.parent.parent
KEY = "kJ8f-2Lq9_xZp0Wm4TsV"
BOT = "4200001:AAH-a_bot_of_nobody_0123456789abcdef"
TELEGRAM_HERE = {
    "telegram_bot_token": BOT,
    "telegram_chat_id": "7",
    "telegram_api_url": "http://127.0.0.1:8081",
    "local_only": True,
}
SLACK = {
    "slack_bot_token": f"xoxb-{KEY}",
    "slack_channel": "incidents",
    "slack_signing_secret": KEY,
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and an environment that names no option."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ANTON_HOME", str(tmp_path))
    return tmp_path


def write_env(home: Path, text: str, mode: int = 0o600) -> None:
    file = home / ".env"
    file.write_text(text)
    file.chmod(mode)


def test_the_example_file_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


def test_the_documentation_is_what_the_settings_say() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == reference()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in reference()] == []


def test_every_option_is_explained_and_stands_in_one_group() -> None:
    grouped = [name for group in GROUPS for name in group.model_fields]
    assert sorted(grouped) == sorted(Settings.model_fields)
    assert [n for n, field in Settings.model_fields.items() if not field.description] == []


def test_an_empty_environment_gives_the_defaults(home: Path) -> None:
    settings, warnings = load_settings()
    assert (settings.host, settings.port, settings.sandbox) == ("127.0.0.1", 8000, "auto")
    assert settings.data_dir == home / "data"
    assert settings.repo_cwd is None
    assert warnings == ()
    refuse_unsafe(settings, serving=True)


def test_the_example_file_itself_is_a_valid_env_file(home: Path) -> None:
    defaults, _ = load_settings()
    write_env(home, env_example())
    assert load_settings()[0] == defaults
    uncommented = "\n".join(
        line.removeprefix("# ") for line in env_example().split("\n") if "=" in line
    )
    write_env(home, uncommented.replace("ANTON_HOME=", ""))
    assert load_settings()[0] == defaults


def test_chosen_options_win_over_environment_over_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_env(home, "PORT=1001\nMAX_ITERATIONS=5\nMAX_REVIEW_ROUNDS=7\n")
    monkeypatch.setenv("PORT", "1002")
    monkeypatch.setenv("MAX_ITERATIONS", "6")
    settings, _ = load_settings(port=1003, host=None)
    assert (settings.port, settings.max_iterations, settings.max_review_rounds) == (1003, 6, 7)


def test_all_bad_values_are_named_at_once_and_none_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = {
        "PORT": "sesame-port",
        "SANDBOX": "sesame-box",
        "API_KEY": "sesame open",
        "GITHUB_REPO": "sesame",
        "GITHUB_API_URL": "http://sesame.example",
        "BRANCH_PREFIX": "SESAME",
        "ALLOWED_HOSTS": "sesame:80",
        "REPOSITORIES": "/srv/todo,./sesame",
        "CONFIDENCE_THRESHOLD": "7",
        "MAX_TASK_BUDGET_USD": "-1",
        "MAX_DAY_BUDGET_USD": "inf",
        "MAX_TOKENS_PER_HOUR": "0",
        "ROLE_LIMITS": "sesame",
        "TELEGRAM_CHAT_ID": "@sesame",
        "TELEGRAM_APPROVER_IDS": "4711,@sesame",
        "SLACK_APPROVER_IDS": "sesame",
        "PEOPLE": '{"ann": ["sesame"]}',
    }
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert {line.partition(":")[0] for line in refused.value.problems} == set(bad)
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_is_no_text_is_a_named_problem(home: Path) -> None:
    (home / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(SettingsInvalid, match="UTF-8"):
        load_settings()


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "Anton.example, [::1] ,")
    monkeypatch.setenv("REPOSITORIES", "/srv/todo,acme/shop")
    settings, _ = load_settings()
    assert settings.allowed_hosts == ("anton.example", "::1")
    assert settings.repositories == ("/srv/todo", "acme/shop")


def test_the_limits_of_roles_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLE_LIMITS", '{"fix": {"turns": 20}}')
    settings, _ = load_settings()
    assert settings.role_limits["fix"].model_dump(exclude_none=True) == {"turns": 20}
    for wrong in ('{"fix": {"turn": 20}}', '{"fix": {"turns": 0}}', "[1]", '{"fix": 20}', "{"):
        monkeypatch.setenv("ROLE_LIMITS", wrong)
        with pytest.raises(SettingsInvalid, match=r"^ROLE_LIMITS: "):
            load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", "my-bot"),
        ("TELEGRAM_BOT_TOKEN", f"{BOT}/getMe"),
        ("TELEGRAM_CHAT_ID", "@oncall"),
        ("TELEGRAM_PROXY", "proxy.example:1080"),
        ("TELEGRAM_API_URL", "http://api.telegram.org"),
        ("TELEGRAM_WEBHOOK_URL", "http://anton.example/webhooks/telegram"),
    ],
)
def test_what_telegram_cannot_use_is_refused_unshown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=f"^{name}: ") as refused:
        load_settings()
    assert value not in str(refused.value)


def test_relative_paths_start_from_home_and_absolute_ones_stay(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", "store")
    monkeypatch.setenv("REPO_CWD", "/srv/todo")
    settings, _ = load_settings()
    assert settings.data_dir == home / "store"
    assert settings.repo_cwd == Path("/srv/todo")


def test_a_home_may_be_relative_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("ANTON_HOME", home.name)
    settings, _ = load_settings()
    assert (settings.anton_home, settings.data_dir) == (home, home / "data")


def test_a_near_miss_gets_a_hint_and_a_stranger_none(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_ITERATION", "3")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run")
    write_env(home, "GITHUB_TOKENS=x\n")
    _, warnings = load_settings()
    assert [w for w in warnings if "MAX_ITERATION " in w and "MAX_ITERATIONS" in w]
    assert [w for w in warnings if "GITHUB_TOKENS" in w and "GITHUB_TOKEN?" in w]
    assert not [w for w in warnings if "XDG" in w]


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_an_env_file_that_others_can_read_is_named(home: Path, mode: int, warned: bool) -> None:
    write_env(home, "PORT=8001\n", mode)
    _, warnings = load_settings()
    assert bool([w for w in warnings if "chmod 600" in w]) is warned
    assert stat.S_IMODE((home / ".env").stat().st_mode) == mode


def test_two_secrets_by_a_comma_are_two_secrets() -> None:
    settings, _ = load_settings(**{**SLACK, "slack_signing_secret": f"{KEY},new-{KEY}"})
    assert settings.slack_signing_secrets == (KEY, f"new-{KEY}")
    assert {KEY, f"new-{KEY}"} <= set(settings.secrets())


def test_slack_that_hears_nothing_is_warned_of() -> None:
    _, warnings = load_settings(slack_bot_token="xoxb-" + KEY, slack_channel="#incidents")
    assert [warning for warning in warnings if "SLACK_SIGNING_SECRET" in warning]


def test_secrets_are_listed_for_redaction_and_never_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", KEY)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_" + KEY)
    settings, _ = load_settings()
    assert set(settings.secrets()) == {KEY, "ghp_" + KEY}
    assert KEY not in f"{settings!r}{settings!s}{settings.model_dump()}"
    assert load_settings(api_key="", github_token="")[0].secrets() == ()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"host": "0.0.0.0"}, "API_KEY"),
        ({"host": "::"}, "API_KEY"),
        ({"host": "anton.example"}, "API_KEY"),
        ({"environment": "production"}, "API_KEY"),
        ({"api_key": "k7Qx"}, "API_KEY"),
        ({"api_key": "changeme-changeme"}, "API_KEY"),
        ({"api_key": "a" * 40}, "API_KEY"),
        ({"github_token": "k7Qx"}, "GITHUB_TOKEN"),
        ({"gcp_project_id": "anton-test", "local_only": True}, "GCP_PROJECT_ID"),
        ({"telegram_bot_token": BOT}, "TELEGRAM_CHAT_ID"),
        (
            {"telegram_bot_token": BOT, "telegram_chat_id": "7", "local_only": True},
            "TELEGRAM_BOT_TOKEN",
        ),
        (
            {**TELEGRAM_HERE, "telegram_proxy": "socks5://a:b@proxy.example:1080"},
            "TELEGRAM_BOT_TOKEN",
        ),
        ({**TELEGRAM_HERE, "telegram_mode": "webhook"}, "TELEGRAM_WEBHOOK_URL"),
        (
            {"otel_exporter_otlp_endpoint": "https://otel.example", "local_only": True},
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        ({"langfuse_public_key": "pk"}, "LANGFUSE_SECRET_KEY"),
        ({"langfuse_secret_key": "sk"}, "LANGFUSE_PUBLIC_KEY"),
        (
            {"langfuse_public_key": "pk", "langfuse_secret_key": "sk", "local_only": True},
            "LANGFUSE_PUBLIC_KEY",
        ),
        ({"sandbox": "subprocess"}, "SANDBOX"),
        (
            {
                "sandbox": "subprocess",
                "sandbox_allow_host": True,
                "environment": "production",
                "api_key": KEY,
            },
            "SANDBOX",
        ),
        ({"sandbox": "e2b"}, "E2B_API_KEY"),
        ({"sandbox": "e2b", "e2b_api_key": KEY, "local_only": True}, "E2B_API_KEY"),
        ({"e2b_api_key": KEY, "local_only": True}, "E2B_API_KEY"),
        (
            {"checkpoints": "memory", "environment": "production", "api_key": KEY},
            "CHECKPOINTS",
        ),
        (
            {"slack_channel": "C01", "environment": "production", "api_key": KEY},
            "SLACK_APPROVER_IDS",
        ),
        ({"slack_bot_token": KEY}, "SLACK_CHANNEL"),
        ({"slack_signing_secret": KEY}, "SLACK_BOT_TOKEN"),
        ({**SLACK, "slack_signing_secret": "k7Qx"}, "SLACK_SIGNING_SECRET"),
        ({**SLACK, "slack_signing_secret": f"{KEY},k7Qx"}, "SLACK_SIGNING_SECRET"),
        ({**SLACK, "slack_signing_secret": f"{KEY},1{KEY},2{KEY}"}, "SLACK_SIGNING_SECRET"),
        ({**SLACK, "local_only": True}, "SLACK_BOT_TOKEN"),
    ],
)
def test_the_server_refuses_to_start_unsafe(options: dict[str, object], named: str) -> None:
    settings, _ = load_settings(**options)
    with pytest.raises(SettingsInvalid) as refused:
        refuse_unsafe(settings, serving=True)
    assert [line.partition(":")[0] for line in refused.value.problems] == [named]
    assert not [secret for secret in settings.secrets() if secret in str(refused.value)]


def test_a_machine_without_protection_is_warned_of(tmp_path: Path) -> None:
    bare = {"sandbox": "subprocess", "sandbox_allow_host": True}
    for chosen, warned in ((bare, True), ({"sandbox": "bubblewrap"}, False)):
        _, warnings = load_settings(data_dir=tmp_path, **chosen)
        assert any("no protection" in warning for warning in warnings) is warned


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": "localhost"},
        {"host": "::1"},
        {"host": "0.0.0.0", "api_key": KEY},
        {"host": "0.0.0.0", "api_keys_file": "keys"},
        {"environment": "production", "api_key": KEY},
        {"sandbox": "subprocess", "sandbox_allow_host": True},
        {"slack_channel": "C01"},
        TELEGRAM_HERE,
        {
            **TELEGRAM_HERE,
            "telegram_api_url": "https://bots.example",
            "local_hosts": "bots.example",
        },
        {
            "slack_channel": "C01",
            "slack_approver_ids": "U024BE7LH",
            "environment": "production",
            "api_key": KEY,
        },
    ],
)
def test_the_server_starts_where_it_is_safe(options: dict[str, object]) -> None:
    refuse_unsafe(load_settings(**options)[0], serving=True)


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({"slack_channel": "C01"}, "SLACK_APPROVER_IDS"),
        ({"telegram_chat_id": "-100123"}, "TELEGRAM_APPROVER_IDS"),
        ({"telegram_chat_id": "4711"}, ""),
        ({"slack_channel": "C01", "approvers_file": "approvers"}, ""),
        ({"slack_channel": "C01", "slack_approver_ids": "U024BE7LH"}, ""),
    ],
)
def test_a_chat_whose_approvers_nobody_named_is_said(
    options: dict[str, object], warned: str
) -> None:
    _, warnings = load_settings(**options)
    assert [line.partition(" ")[0] for line in warnings] == ([warned] if warned else [])


def test_an_account_belongs_to_one_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEOPLE", '{"ann": ["slack:U01"], "bob": ["slack:U01"]}')
    with pytest.raises(SettingsInvalid, match=r"^PEOPLE: gives one account to two names$"):
        load_settings()


def test_a_repair_without_a_server_needs_no_key() -> None:
    refuse_unsafe(load_settings(host="0.0.0.0")[0], serving=False)


def test_loopback_is_known_by_address_and_not_by_look() -> None:
    assert is_loopback("127.8.9.1")
    assert not is_loopback("127.0.0.1.example.com")
    assert not is_loopback("0.0.0.0")


def test_a_random_key_is_not_weak_even_with_a_word_in_it() -> None:
    assert not is_weak(KEY)
    assert not is_weak("Qw9-testvBn3Lp0x")


def test_a_model_for_a_role_that_is_not_there_ends_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_COOK", "gpt-4o")
    write_env(home, "MODEL_FIXX=gpt-4o\nPORT=many\n")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "PORT",
        "MODEL_COOK",
        "MODEL_FIXX",
    ]
    assert "triage, diagnosis" in caught.value.problems[1]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MODEL_LLM_PARAMS", '{"gpt-4o": {"top_p": 1,}}', "at line 1, column 24"),
        ("MODEL_LLM_PARAMS", '{"gpt-4o": 3}', "valid dictionary"),
        ("AGENT_LLM_PARAMS", '{"fix": {}, "cook": {}}', "knows no role cook"),
        ("MODEL_PRICES", '{"openai/my": {"in": -1, "out": 2}}', "greater than or equal to 0"),
        ("MODEL_PRICES", "[", "should be JSON"),
        ("OLLAMA_BASE_URL", "localhost:11434", "should be an address such as"),
        ("OPENAI_API_BASE", "https://user:word@host/v1", "should be an address such as"),
        ("FIX_ENGINE", "magic", "'auto', 'workflow', 'tools' or 'offline'"),
        ("ANTHROPIC_API_KEY", "two words", "without blanks"),
    ],
)
def test_what_cannot_be_used_of_models_says_where(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=f"^{name}: ") as caught:
        load_settings()
    assert said in str(caught.value)
    assert "two words" not in str(caught.value)


def test_names_and_keys_of_models_in_the_wrong_place_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BASE_URL", "http://localhost:11434")
    monkeypatch.setenv("API_KEY", "sk-ant-kJ8f2Lq9xZp0Wm4TsV")
    _, warnings = load_settings()
    assert warnings == (
        "BASE_URL is no option of Anton; did you mean OPENAI_API_BASE, or OLLAMA_BASE_URL?",
        "API_KEY guards Anton's own REST; a key of a model belongs into ANTHROPIC_API_KEY",
    )


def test_keys_of_vendors_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name in Settings.model_fields if name.endswith("_api_key")]
    assert len(names) == 7
    for name in names:
        monkeypatch.setenv(name.upper(), f"key-of-{name}")
    settings, _ = load_settings()
    assert {f"key-of-{name}" for name in names} <= set(settings.secrets())
    assert "key-of-" not in repr(settings)
