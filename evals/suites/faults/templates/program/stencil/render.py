"""Fill a template with values."""

from stencil.filters import FILTERS, escape
from stencil.parse import For, If, TemplateError, Text, parse


def render(source, context=None, **values):
    """The filled text; values are escaped for HTML unless `| safe` is the last filter."""
    scope = {**(context or {}), **values}
    return "".join(render_nodes(parse(source), scope))


def render_nodes(nodes, scope):
    for node in nodes:
        if isinstance(node, Text):
            yield node.text
        elif isinstance(node, For):
            yield from render_loop(node, scope)
        elif isinstance(node, If):
            holds = bool(lookup(node.name, scope))
            branch = node.body if holds is not node.negated else node.otherwise
            yield from render_nodes(branch, scope)
        else:
            yield render_value(node, scope)


def render_loop(node, scope):
    items = list(lookup(node.name, scope) or ())
    for position, item in enumerate(items):
        loop = {
            "index": position + 1,
            "first": position == 0,
            "last": position == len(items) - 1,
        }
        yield from render_nodes(node.body, {**scope, node.variable: item, "loop": loop})


def render_value(node, scope):
    value = lookup(node.name, scope)
    for text in node.filters:
        if text == "safe":
            return str(value)
        name, *arguments = text.split(":")
        if name not in FILTERS:
            raise TemplateError(f"unknown filter {name}")
        value = FILTERS[name](value, *arguments)
    return "" if value is None else escape(value)


def lookup(path, scope):
    """The value behind a dotted path through mappings and attributes; None where it ends."""
    value = scope
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        else:
            value = getattr(value, part, None)
        if value is None:
            return None
    return value
