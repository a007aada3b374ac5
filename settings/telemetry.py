"""What Anton tells of his own work: logs and traces."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr

from settings.addresses import SecureAddress, WebAddress
from settings.kinds import Group


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _headers(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(\s*[\w-]+=[^,\s]+\s*(,|$))*", value.get_secret_value()):
        raise ValueError("should be headers such as `name=value,name=value`")
    return value


class Logs(Group):
    """Logs."""

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        "INFO"
    )
    """Least level that is written."""
    log_format: Literal["json", "text"] = "json"
    """One JSON object a line, and lines for people on a terminal; or `text`, always."""


class Telemetry(Group):
    """Traces: spans of all that is done, always in DATA_DIR/traces, and where else they go."""

    otel_exporter_otlp_endpoint: WebAddress = ""
    """Base address of what takes spans by OTLP over HTTP, as `http://localhost:4318`."""
    otel_exporter_otlp_headers: Annotated[SecretStr, AfterValidator(_headers)] = SecretStr("")
    """Headers for it, as `name=value,name=value`."""
    langfuse_host: SecureAddress = "https://cloud.langfuse.com"
    """Address of Langfuse, which gets spans once both keys are set."""
    langfuse_public_key: str = ""
    """Public key of a project there."""
    langfuse_secret_key: SecretStr = SecretStr("")
    """Its secret key."""

    @property
    def langfuse_keys(self) -> tuple[str, str]:
        """Public and secret key; both are set, or Langfuse gets nothing."""
        return self.langfuse_public_key, self.langfuse_secret_key.get_secret_value()

    @property
    def otlp_headers(self) -> dict[str, str]:
        """The headers by name."""
        pairs = self.otel_exporter_otlp_headers.get_secret_value().split(",")
        return dict(pair.strip().split("=", 1) for pair in pairs if pair.strip())
