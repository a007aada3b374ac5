"""A function that calls itself: the arguments of that call, advanced, cut or passed on."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.calls import argument_texts, called_with
from repair.operators.site import Site


def recursion(site: Site) -> Iterator[Edit]:
    """Arguments of a function's call of itself: passed on, advanced, cut."""
    own = site.statement.function.name.rpartition(".")[2]
    for node in site.expressions:
        if not isinstance(node, cst.Call) or site.code(node.func).rpartition(".")[2] != own:
            continue
        parameters = [p for p in site.statement.function.parameters if p not in ("self", "cls")]
        for argument in node.args:
            yield from _advanced(site, argument.value, parameters)
        if parameters and len(parameters) == len(node.args) + 1:
            last, texts = parameters[-1], argument_texts(site, node)
            for made, prior in ((last, 0.5), (f"{last} + 1", 0.45), (f"{last} - 1", 0.35)):
                text = called_with(site, node, [*texts, made])
                yield from site.put(node, text, "recursion", prior)


def _advanced(site: Site, node: cst.BaseExpression, parameters: list[str]) -> Iterator[Edit]:
    text, atom = site.code(node), site.atom(node)
    made = [
        (f"{text} + 1", 0.4), (f"{text} - 1", 0.4), (f"{atom}[1:]", 0.35), (f"{atom}[:-1]", 0.3),
        (f"{atom} // 2", 0.15), (f"{atom} // 10", 0.06),
        (f"None if {text} is None else {text} - 1", 0.12),
        (f"None if {text} is None else {text} + 1", 0.08),
    ]  # fmt: skip
    for other in parameters:
        if other != text:
            made += [(f"{atom} // {other}", 0.2), (f"{atom} - {other}", 0.2)]
            made += [(f"{atom} + {other}", 0.15), (f"{atom} % {other}", 0.12)]
    for result, prior in made:
        yield from site.put(node, result, "recursion", prior)
