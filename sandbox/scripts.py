"""JavaScript and TypeScript read as data: whether it can be parsed, its functions, its tests."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Found = TypeVar("Found")

JAVASCRIPT = (".js", ".jsx", ".mjs", ".cjs")
SUITES = frozenset({"describe", "suite", "context"})
TESTS = frozenset({"it", "test", "specify", "fit", "xit", "xtest"})
SKIPPING = frozenset({"skip", "skipIf", "todo", "fails", "failing", "runIf"})
SKIPPED = frozenset({"xit", "xtest", "xdescribe"})
ALONE = frozenset({"only", "fit", "fdescribe"})
ASSERTIONS = frozenset({"expect", "assert", "should", "expectTypeOf", "assertType"})
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "generator_function", "function", "method_definition"}
)
_DECLARED = frozenset({"function_declaration", "generator_function_declaration"})
_CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "class"})
_TYPES = _CLASSES | {"interface_declaration", "type_alias_declaration", "enum_declaration"}
_NAMES = frozenset(
    {"identifier", "property_identifier", "shorthand_property_identifier", "type_identifier"}
)
_STATEMENTS = ("_statement", "_declaration")
MAX_BYTES = 1_000_000
MAX_DEPTH = 200


@dataclass(frozen=True)
class Part:
    """A function, a method or a class, with the lines it takes, from 1."""

    name: str
    """Qualified by its class or object, as `Cart.total`."""
    first: int
    last: int
    used: frozenset[str] = frozenset()
    """Names that are read in it."""
    is_class: bool = False


@dataclass(frozen=True)
class Promise:
    """A test, as it is written."""

    name: str
    """As `suite > test`."""
    first: int
    last: int
    used: frozenset[str]


class Script:
    """One file."""

    def __init__(self, path: str, text: str) -> None:
        """Parse it; a file that cannot be parsed is read as far as it goes."""
        self.text = text
        self._root = _parser(path).parse(text.encode("utf-8", "replace")).root_node

    @cached_property
    def fault(self) -> str:
        """The first line that cannot be parsed, or what is missing there; empty when all can."""
        if not self._root.has_error:
            return ""
        for node in _walk(self._root):
            if node.is_missing or node.type == "ERROR":
                row = node.start_point.row
                line = self.text.split("\n")[row].strip()[:120]
                return f"line {row + 1}, at `{line}`"
        return "some line"

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Functions and classes in order; a function within a function belongs to the outer one."""
        return _as_far_as(_parts(self._root, "", None))

    @cached_property
    def types(self) -> tuple[tuple[str, str], ...]:
        """Interfaces, type aliases, enums and classes at the top, by name, as they are written."""
        lines = self.text.split("\n")
        return tuple(
            (name, "\n".join(lines[node.start_point.row : node.end_point.row + 1]))
            for node in self._root.named_children
            if (name := _type_name(node))
        )

    @property
    def functions(self) -> tuple[Part, ...]:
        """Functions and methods alone."""
        return tuple(part for part in self.parts if not part.is_class)

    @cached_property
    def statements(self) -> dict[int, bool]:
        """Lines on which a statement begins, and whether it runs only when a function is called."""
        return dict(sorted(_as_far_as(_statements(self._root, called=False))))

    @cached_property
    def tests(self) -> tuple[Promise, ...]:
        """All tests with a name that is written out."""
        return _as_far_as(_tests(self._root, ()))

    @cached_property
    def assertions(self) -> Counter[str]:
        """The assertions of the file, each as one line of words."""
        return Counter(
            " ".join(_text(node).split())
            for node in _walk(self._root)
            if node.type == "call_expression" and _is_assertion(node)
        )

    @cached_property
    def skips(self) -> int:
        """How often tests are skipped, excused or left for later."""
        return sum(
            1
            for called in self._called()
            if called[0] in SKIPPED or (called[0] in SUITES | TESTS and SKIPPING & set(called[1:]))
        )

    @cached_property
    def alone(self) -> int:
        """How often a test or a suite keeps all others from being run."""
        return sum(
            1
            for called in self._called()
            if ALONE & {called[0]} or (called[0] in SUITES | TESTS and ALONE & set(called[1:]))
        )

    @cached_property
    def cases(self) -> int:
        """Rows of tables that tests are run with."""
        return sum(
            node.named_child_count
            for call in _walk(self._root)
            if call.type == "call_expression" and _dotted(call)[-1:] == ("each",)
            for argument in _arguments(call)
            for node in [argument]
            if node.type == "array"
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """Names and strings of the code; of comments none."""
        kinds = {*_NAMES, "string_fragment", "template_string"}
        return frozenset(_text(node) for node in _walk(self._root) if node.type in kinds)

    @cached_property
    def imports(self) -> tuple[tuple[str, int, int], ...]:
        """What is imported or required by a name that is written out, with first and last line."""
        return tuple(_imports(self._root))

    def head(self, read: frozenset[str], *, every_import: bool = True) -> str:
        """Statements above the functions: imports, and short ones that bind what is read."""
        lines = self.text.split("\n")
        shown = []
        for node in self._root.named_children:
            is_import = node.type == "import_statement"
            binds = _type_name(node) or node.type in (
                "lexical_declaration",
                "variable_declaration",
                "export_statement",
            )
            short = node.end_point.row - node.start_point.row < 15
            holds_function = any(_as_far_as(_parts(node, "", None)))
            wanted = _bound(node) & read if binds or is_import else frozenset()
            if (is_import and every_import) or (wanted and short and not holds_function):
                shown += lines[node.start_point.row : node.end_point.row + 1]
        return "\n".join(shown)

    def around(self, line: int) -> str:
        """The function around a line; empty outside of functions."""
        return next((p.name for p in self.functions if p.first <= line <= p.last), "")

    def lines_of(self, part: Part | Promise) -> str:
        """The lines that it takes."""
        return "\n".join(self.text.split("\n")[part.first - 1 : part.last])

    def _called(self) -> Iterator[tuple[str, ...]]:
        for node in _walk(self._root):
            if node.type == "call_expression" and (called := _dotted(node)):
                yield called


@lru_cache(maxsize=256)
def script_of(path: str, text: str) -> Script:
    """The file read; of one that is very large nothing is."""
    return Script(path, text if len(text) <= MAX_BYTES else "")


@lru_cache
def _grammar(name: str) -> "Parser":
    import tree_sitter

    if name == "javascript":
        import tree_sitter_javascript

        language = tree_sitter_javascript.language()
    else:
        import tree_sitter_typescript

        made = tree_sitter_typescript
        language = made.language_tsx() if name == "tsx" else made.language_typescript()
    return tree_sitter.Parser(tree_sitter.Language(language))


def _parser(path: str) -> "Parser":
    if path.endswith(JAVASCRIPT):
        return _grammar("javascript")
    return _grammar("tsx" if path.endswith(".tsx") else "typescript")


def _walk(node: "Node", depth: int = 0) -> Iterator["Node"]:
    yield node
    if depth < MAX_DEPTH:
        for child in node.children:
            yield from _walk(child, depth + 1)


def _as_far_as(found: Iterator[Found]) -> tuple[Found, ...]:
    """What is found above the place where a file is nested too deeply, as what tools made is."""
    seen: list[Found] = []
    with suppress(RecursionError):
        seen.extend(found)
    return tuple(seen)


def _text(node: "Node | None") -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def _parts(node: "Node", prefix: str, outer: "Node | None") -> Iterator[Part]:
    """The functions below a node; `outer` is the statement that a function is shown with."""
    for child in node.named_children:
        statement = child if child.type.endswith(_STATEMENTS) and outer is None else outer
        shown = statement or child
        if child.type in _DECLARED:
            yield _part(f"{prefix}{_text(child.child_by_field_name('name')) or 'default'}", shown)
        elif child.type in _CLASSES:
            name = f"{prefix}{_text(child.child_by_field_name('name')) or 'default'}"
            yield _part(name, shown, is_class=True)
            body = child.child_by_field_name("body")
            for member in body.named_children if body else ():
                yield from _members(member, f"{name}.")
        elif name := _binding(child):
            yield from _bound_parts(child, f"{prefix}{name}", prefix, statement)
        elif child.type in _FUNCTIONS:
            if node.type == "export_statement":
                yield _part(f"{prefix}default", shown)
        elif child.type.endswith(_STATEMENTS):
            yield from _parts(child, prefix, child if child.type == "export_statement" else None)
        elif child.type in ("object", "ternary_expression", "parenthesized_expression"):
            yield from _parts(child, prefix, None)
        elif child.type in ("pair", "method_definition"):
            yield from _members(child, prefix)


def _bound_parts(node: "Node", name: str, prefix: str, statement: "Node | None") -> Iterator[Part]:
    """The functions that a declarator or an assignment gives a name."""
    shown = statement or node
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    if _is_function(value):
        single = statement is not None and _declarators(statement) <= 1
        yield _part(name, shown if single else node)
    elif value is not None and value.type in (*_CLASSES, "object"):
        yield from _of_value(value, f"{name}.", shown)
    elif value is not None:
        yield from _parts(value, prefix, shown)


def _of_value(value: "Node", prefix: str, shown: "Node") -> Iterator[Part]:
    if value.type in _CLASSES:
        yield _part(prefix.rstrip("."), shown, is_class=True)
        value = value.child_by_field_name("body") or value
    for member in value.named_children:
        yield from _members(member, prefix)


def _members(member: "Node", prefix: str) -> Iterator[Part]:
    """The functions that a class or an object holds."""
    key = member.child_by_field_name("name") or member.child_by_field_name("key")
    key = key or member.child_by_field_name("property")
    value = member.child_by_field_name("value")
    if member.type == "method_definition" or _is_function(value):
        yield _part(prefix + _text(key).strip("'\""), member)
    elif value is not None and value.type == "object":
        for inner in value.named_children:
            yield from _members(inner, f"{prefix}{_text(key)}.")


def _part(name: str, shown: "Node", *, is_class: bool = False) -> Part:
    used = frozenset(_text(node) for node in _walk(shown) if node.type in _NAMES)
    return Part(name, shown.start_point.row + 1, shown.end_point.row + 1, used, is_class)


def _is_function(value: "Node | None") -> bool:
    """Whether a value is a function, or one that a call such as `memo(...)` wraps."""
    if value is None:
        return False
    if value.type in _FUNCTIONS:
        return True
    return value.type == "call_expression" and any(
        argument.type in _FUNCTIONS for argument in _arguments(value)
    )


def _binding(node: "Node") -> str:
    """The name that a declarator or an assignment gives; of a member its last part."""
    if node.type == "variable_declarator":
        return _text(node.child_by_field_name("name"))
    if node.type == "expression_statement" and node.named_child_count:
        return ""
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        if left is not None and left.type == "member_expression":
            return _text(left.child_by_field_name("property"))
        return _text(left)
    return ""


def _type_name(node: "Node") -> str:
    """The name of the type that a statement declares; empty for any other statement."""
    inner = node.child_by_field_name("declaration") or node
    return _text(inner.child_by_field_name("name")) if inner.type in _TYPES else ""


def _declarators(statement: "Node") -> int:
    inner = statement.child_by_field_name("declaration") or statement
    return sum(1 for child in inner.named_children if child.type == "variable_declarator")


def _bound(node: "Node") -> frozenset[str]:
    """Names that a statement at the top binds or imports."""
    inner = node.child_by_field_name("declaration") or node
    if node.type == "import_statement":
        return frozenset(_text(one) for one in _walk(node) if one.type == "identifier")
    return frozenset({_type_name(node)} - {""}) | frozenset(
        _text(one)
        for child in inner.named_children
        if child.type == "variable_declarator"
        for one in _walk(child.child_by_field_name("name") or child)
        if one.type in _NAMES or one.type == "shorthand_property_identifier_pattern"
    )


def _statements(node: "Node", *, called: bool) -> Iterator[tuple[int, bool]]:
    for child in node.named_children:
        if child.type.endswith(_STATEMENTS):
            yield child.start_point.row + 1, called
        inner = called or child.type in _FUNCTIONS or child.type in _DECLARED
        yield from _statements(child, called=inner)


def _dotted(call: "Node") -> tuple[str, ...]:
    """What is called, part by part, as `it`, `each`; calls in between are passed over."""
    parts: list[str] = []
    at = call.child_by_field_name("function")
    for _ in range(MAX_DEPTH):
        if at is None:
            break
        if at.type == "member_expression":
            parts.append(_text(at.child_by_field_name("property")))
            at = at.child_by_field_name("object")
        elif at.type == "call_expression":
            at = at.child_by_field_name("function")
        elif at.type == "identifier":
            parts.append(_text(at))
            break
        else:
            break
    return tuple(reversed(parts))


def _arguments(call: "Node") -> list["Node"]:
    found = call.child_by_field_name("arguments")
    return list(found.named_children) if found is not None else []


def _is_assertion(call: "Node") -> bool:
    """Whether a call is a whole assertion, and no part of a longer one."""
    called = _dotted(call)
    parent = call.parent
    is_part = parent is not None and parent.type == "member_expression"
    return bool(called) and called[0] in ASSERTIONS and not is_part


def _tests(node: "Node", suites: tuple[str, ...]) -> Iterator[Promise]:
    for child in node.named_children:
        called = _dotted(child) if child.type == "call_expression" else ()
        arguments = _arguments(child) if called else []
        named = bool(arguments) and arguments[0].type in ("string", "template_string")
        name = _text(arguments[0])[1:-1] if named else ""
        if named and called[0] in SUITES | {"xdescribe", "fdescribe"}:
            yield from _tests(child, (*suites, name))
        elif named and called[0] in TESTS:
            part = _part(" > ".join((*suites, name)), child)
            yield Promise(part.name, part.first, part.last, part.used)
        else:
            yield from _tests(child, suites)


def _imports(root: "Node") -> Iterator[tuple[str, int, int]]:
    for node in _walk(root):
        source: Node | None = None
        if node.type in ("import_statement", "export_statement"):
            source = node.child_by_field_name("source")
        elif node.type == "call_expression" and _text(node.child_by_field_name("function")) in (
            *("require", "import", "jest.mock", "vi.mock", "jest.requireActual"),
        ):
            source = next(iter(_arguments(node)), None)
        if source is not None and source.type == "string":
            yield _text(source)[1:-1], node.start_point.row + 1, node.end_point.row + 1
