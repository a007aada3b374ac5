"""Where a fix is handed over."""

from typing import Any

from bootstrap.stores import SCRATCH, Kept
from config import Settings
from core.ports import CodeHost
from integrations import host_for
from integrations.changes import Permit


def host_of(settings: Settings, kept: Kept, repository: str, permit: Permit) -> CodeHost:
    options: dict[str, dict[str, Any]] = {
        "local": {
            "branch_prefix": settings.branch_prefix,
            "permit": permit,
            "scratch": settings.data_dir / SCRATCH,
            "scan": kept.redactor.findings,
            "audit": kept.stores.audit.record,
        },
        "github": {
            "token": settings.github_token.get_secret_value(),
            "api_url": settings.github_api_url,
            "branch_prefix": settings.branch_prefix,
            "write_interval_s": settings.github_write_interval_s,
            "scan": kept.redactor.findings,
            "clock": kept.clock,
            "audit": kept.stores.audit.record,
            "permit": permit,
        },
    }
    return host_for(repository, options)
