"""The door to all options; the only reader of the environment and of `.env`."""

import os
import sys
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from settings.addresses import is_loopback
from settings.consent import ConsentRules
from settings.models import MODEL_ROLES, VENDOR_KEYS, VENDOR_MODELS
from settings.oddities import UNPROTECTED, oddities, unknown_roles
from settings.pages import env_example, reference
from settings.problems import SettingsInvalid, problems
from settings.safety import is_weak, refuse_unsafe
from settings.whole import GROUPS, Settings

__all__ = [
    "GROUPS",
    "MODEL_ROLES",
    "UNPROTECTED",
    "VENDOR_KEYS",
    "VENDOR_MODELS",
    "ConsentRules",
    "Settings",
    "SettingsInvalid",
    "env_example",
    "is_loopback",
    "is_weak",
    "load_settings",
    "reference",
    "refuse_unsafe",
]


def load_settings(**chosen: Any) -> tuple[Settings, tuple[str, ...]]:
    """The settings and what is odd about them; `chosen` options that are not None win.

    Raises SettingsInvalid with every problem at once.
    """
    file = Path(os.environ.get("ANTON_HOME") or Path(__file__).parent).expanduser() / ".env"
    try:
        in_file = dotenv_values(file, encoding="utf-8") if file.is_file() else {}
        unknown = list(unknown_roles({**in_file, **os.environ}))
        settings = Settings(
            _env_file=file, **{name: value for name, value in chosen.items() if value is not None}
        )
    except ValidationError as error:
        raise SettingsInvalid([*problems(error), *unknown]) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid([f"{file} cannot be read: it should be UTF-8 text"]) from None
    if unknown:
        raise SettingsInvalid(unknown)
    return settings, tuple(oddities(settings, [*os.environ, *in_file], file))


if __name__ == "__main__":
    sys.stdout.write(reference() if sys.argv[1:] == ["reference"] else env_example())
