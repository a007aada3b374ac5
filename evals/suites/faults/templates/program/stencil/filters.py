"""What may stand behind the bar of a value."""

import html


def truncate(value, length="20"):
    text, limit = str(value), int(length)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def join(value, separator=","):
    return f"{separator} ".join(str(item) for item in value)


def default(value, fallback=""):
    return fallback if value is None or value == "" else value


FILTERS = {
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "title": lambda value: str(value).title(),
    "length": len,
    "truncate": truncate,
    "join": join,
    "default": default,
}


def escape(value):
    return html.escape(str(value), quote=True)
