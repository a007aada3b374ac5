"""The description of every address as one page, without scripts and without the network."""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow-x:auto;padding:.5rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.1rem 1rem .1rem 0;"
    "vertical-align:top}summary{cursor:pointer;padding:.2rem 0}h2{margin-top:2rem}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}"
)
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'"


def page(openapi: dict[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    info = openapi["info"]
    return "".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(info['title'])}</title><style>{STYLE}</style>",
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
            f"<p>{escape(info.get('description', ''))}</p>",
            '<p>For programs: <a href="/openapi.json">/openapi.json</a></p><h2>Addresses</h2>',
            *_operations(openapi),
            "<h2>Bodies</h2>",
            *_schemas(openapi),
            "</html>",
        ]
    )


def _operations(openapi: dict[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            name = f"<code>{method.upper()} {escape(path)}</code>"
            yield f"<details><summary>{name} {escape(operation.get('description', ''))}</summary>"
            rows = [
                (one["name"], one["in"], _kind(one["schema"]))
                for one in operation.get("parameters", [])
            ]
            for media in operation.get("requestBody", {}).get("content", {}).values():
                rows.append(("body", "body", _kind(media["schema"])))
            for code, answer in operation["responses"].items():
                rows.append((code, "answer", _answer(answer)))
            yield _table(rows) + "</details>"


def _answer(answer: dict[str, Any]) -> str:
    kinds = [_kind(media.get("schema", {})) for media in answer.get("content", {}).values()]
    return f"{answer['description']} {', '.join(filter(None, kinds))}"


def _schemas(openapi: dict[str, Any]) -> Iterator[str]:
    for name, schema in openapi["components"]["schemas"].items():
        title = f"<code>{escape(name)}</code> {escape(schema.get('description', ''))}"
        yield f'<details id="{escape(name)}"><summary>{title}</summary>'
        yield _table(
            [
                (field, _kind(facts), facts.get("description", ""))
                for field, facts in schema.get("properties", {}).items()
            ]
            or [("one of", json.dumps(schema.get("enum", "")), "")]
        )
        yield "</details>"


def _table(rows: list[tuple[str, str, str]]) -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("type", ""))
