"""All options together, in the order in which they are shown."""

from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from settings.budgets import Budgets
from settings.chats import Slack, Telegram
from settings.cloud import Cloud
from settings.consent import Asking, ConsentRules
from settings.hosts import CodeHosts
from settings.kinds import Group
from settings.learning import Learning
from settings.models import Models
from settings.sandbox import SandboxOptions
from settings.server import Server
from settings.storage import Retained, Storage
from settings.tasks import OfflineEngine, Tasks
from settings.telemetry import Logs, Telemetry

GROUPS: tuple[type[Group], ...] = (
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
    """All options; made by `config.load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        env_file_encoding="utf-8",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Chosen options, the environment, the file; who names none is not asked for each."""
        return init_settings, *(
            source
            for source in (env_settings, dotenv_settings)
            if isinstance(source, EnvSettingsSource) and source.env_vars.keys() & cls.model_fields
        )

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        home = self.anton_home.expanduser().absolute()
        paths = {name: value for name, value in self if isinstance(value, Path)}
        self.__dict__.update({name: home / path.expanduser() for name, path in paths.items()})
        self.__dict__["anton_home"] = home
        return self

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
                "value": _whether_set(value) if isinstance(value, SecretStr) else plain[name],
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


def _whether_set(value: SecretStr) -> str:
    return "set" if value.get_secret_value() else "not set"
