"""The command `build`, which needs a model to write an application."""

from core.errors import ConfigError


def model_required() -> ConfigError:
    """What is missing, with the three ways to get it."""
    return ConfigError(
        "A build needs a model, and none is configured.",
        remedy=(
            "a hosted model with the key of its provider; a local model behind an address that "
            "speaks the OpenAI protocol; or ask for a repair instead, which runs offline: "
            "python main.py fix REPO TICKET. Models come with the next release."
        ),
    )
