"""What a file talks about: the names, attributes, constants and expressions it uses, and where."""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import libcst as cst

from repair.blocks import Function, Statement
from repair.kinds import RETURNED, Inference
from repair.source import Source

_STRING = re.compile(r"""(?<!f)(\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')""")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\s*=[^=])")
KEYWORDS = frozenset(keyword.kwlist)
BUILTIN_CALLS = frozenset(name for name in dir(builtins) if name.islower())
Types = Mapping[str, frozenset[str]]
"""Type names that a variable was seen to have, by name of the variable."""


@dataclass
class Scope:
    """The names that a function can use, nearest first."""

    own: list[str] = field(default_factory=list)
    """Parameters, then locals in order of their first assignment."""
    outer: list[str] = field(default_factory=list)
    """Of the functions around it."""
    types: Types = field(default_factory=dict)
    bound_at: dict[str, int] = field(default_factory=dict)
    """Line of the first assignment of each local."""


class Vocabulary:
    """An index of one file."""

    def __init__(self, source: Source, types: Mapping[str, Types] | None = None) -> None:
        self.source = source
        self._types = types or {}
        self.functions: dict[str, cst.FunctionDef] = {}
        """Top-level functions by name."""
        self.methods: dict[str, dict[str, cst.FunctionDef]] = {}
        """Methods by class and name."""
        self.classes: list[str] = []
        self.constants: list[str] = []
        """Names assigned at the top level."""
        self.imports: list[str] = []
        self.attributes: dict[str, Counter[str]] = {}
        """How often each attribute is read or written, by the text before the dot."""
        self.called: dict[str, Counter[str]] = {}
        """The same for attributes that are called."""
        self._scopes: dict[Function, Scope] = {}
        self._read_definitions()
        self._read_attributes()

    # --- names ---

    def scope(self, function: Function) -> Scope:
        """What can be named in a function; module level has none of its own."""
        if function not in self._scopes:
            types = dict(self._types.get(function.name, {}))
            bound_at = self._assigned(function)
            own = list(dict.fromkeys([*function.parameters, *bound_at]))
            outer: list[str] = []
            around = function.outer
            while around is not None and not around.is_module:
                outer += self.scope(around).own
                types = {**self._types.get(around.name, {}), **types}
                around = around.outer
            outer = [name for name in dict.fromkeys(outer) if name not in own]
            self._scopes[function] = Scope(
                [] if function.is_module else own, outer, types, bound_at
            )
        return self._scopes[function]

    @cached_property
    def globals(self) -> list[str]:
        """Names of the module: constants, functions, classes, imports."""
        return list(dict.fromkeys([*self.constants, *self.functions, *self.classes, *self.imports]))

    def known(self, function: Function) -> set[str]:
        """Every name that means something in a function."""
        scope = self.scope(function)
        return {*scope.own, *scope.outer, *self.globals, *dir(builtins)}

    def _assigned(self, function: Function) -> dict[str, int]:
        bound_at: dict[str, int] = {}
        for statement in function.statements:
            for name in assigned_in(self.source, statement):
                bound_at.setdefault(name, statement.first)
        return bound_at

    # --- expressions ---

    @cached_property
    def expressions(self) -> list[tuple[str, cst.BaseExpression, Statement]]:
        """Every expression with its text, in order of the text."""
        return [
            (self.source.code(node), node, statement)
            for statement in self.source.statements
            for node in self.source.expressions(statement)
        ]

    @cached_property
    def conditions(self) -> list[tuple[str, Statement]]:
        """Texts of what is tested by `if`, `while`, `and`, `or`, `not` and ternaries."""
        found: dict[tuple[str, Function], tuple[str, Statement]] = {}
        for text, node, statement in self.expressions:
            if is_condition(node, self.source.parents.get(node)):
                found.setdefault((text, statement.function), (text, statement))
        return list(found.values())

    @cached_property
    def integers(self) -> Counter[str]:
        return Counter(t for t, node, _ in self.expressions if isinstance(node, cst.Integer))

    @cached_property
    def strings(self) -> Counter[str]:
        kinds = cst.SimpleString
        found = [(t, s) for t, node, s in self.expressions if isinstance(node, kinds)]
        return Counter(text for text, s in found if not text.startswith(('"""', "'''")))

    @cached_property
    def defaults(self) -> dict[str, cst.FunctionDef]:
        """Functions and methods by bare name."""
        methods = [m for of_class in self.methods.values() for m in of_class.items()]
        return {**dict(methods), **self.functions}

    @cached_property
    def results(self) -> dict[str, frozenset[str]]:
        """Types that functions and methods were seen to return, by bare name."""
        found: dict[str, frozenset[str]] = {}
        for name, types in self._types.items():
            if name.rpartition(".")[2] in self.defaults and RETURNED in types:
                bare = name.rpartition(".")[2]
                found[bare] = found.get(bare, frozenset()) | types[RETURNED]
        return found

    def inference(self, function: Function) -> Inference:
        """What is known of types in a function."""
        return Inference(self.scope(function).types, self.results, frozenset(self.classes))

    def parameters_of(self, called: str) -> list[str] | None:
        """Parameters of a function or method of this file, by the text that calls it."""
        name = called.rpartition(".")[2]
        node = self.defaults.get(name)
        if node is None and name in self.methods:
            node = self.methods[name].get("__init__")
        if node is None:
            return None
        names = [param.name.value for param in node.params.params]
        is_method = name not in self.functions
        return names[1:] if is_method and names[:1] in (["self"], ["cls"]) else names

    # --- reading ---

    def _read_definitions(self) -> None:
        for statement in self.source.statements:
            small = statement.small
            if isinstance(small, cst.FunctionDef):
                self._read_function(statement, small)
            elif isinstance(small, cst.ClassDef) and statement.function.is_module:
                self.classes.append(small.name.value)
            elif isinstance(small, cst.Import | cst.ImportFrom) and statement.function.is_module:
                self.imports += imported_by(small)
            elif statement.function.is_module and statement.parent is None:
                self.constants += assigned_in(self.source, statement)

    def _read_function(self, statement: Statement, node: cst.FunctionDef) -> None:
        around = statement.parent
        if around is None:
            self.functions[node.name.value] = node
        elif isinstance(around.node, cst.ClassDef):
            self.methods.setdefault(around.node.name.value, {})[node.name.value] = node

    def _read_attributes(self) -> None:
        for _, node, _statement in self.expressions:
            if isinstance(node, cst.Attribute):
                parent = self.source.parents.get(node)
                is_call = isinstance(parent, cst.Call) and parent.func is node
                table = self.called if is_call else self.attributes
                base = self.source.code(node.value)
                table.setdefault(base, Counter())[node.attr.value] += 1


def is_condition(node: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
    """Whether only the truth of this expression counts."""
    match parent:
        case cst.If() | cst.While() | cst.IfExp() | cst.Assert() | cst.CompIf():
            return parent.test is node
        case cst.BooleanOperation():
            return True
        case cst.UnaryOperation(operator=cst.Not()):
            return True
        case _:
            return False


def assigned_in(source: Source, statement: Statement) -> list[str]:
    """Names that a statement binds."""
    names: list[str] = []
    small = statement.small
    match small:
        case cst.Assign(targets=targets):
            for target in targets:
                names += bound_names(target.target)
        case cst.AugAssign(target=target) | cst.AnnAssign(target=target) | cst.For(target=target):
            names += bound_names(target)
        case cst.With(items=items):
            for item in items:
                names += bound_names(item.asname.name) if item.asname else []
        case cst.ExceptHandler(name=cst.AsName(name=target)):
            names += bound_names(target)
        case cst.FunctionDef() | cst.ClassDef():
            names.append(small.name.value)
    for node in source.own_nodes(statement):
        if isinstance(node, cst.NamedExpr):
            names += bound_names(node.target)
    return names


def bound_names(target: cst.BaseExpression) -> list[str]:
    """Names in a target of assignment; attributes and items bind none."""
    match target:
        case cst.Name(value=value):
            return [value]
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            return [name for element in elements for name in bound_names(element.value)]
        case _:
            return []


def imported_by(node: cst.Import | cst.ImportFrom) -> list[str]:
    """Names that an import binds."""
    if isinstance(node.names, cst.ImportStar):
        return []
    names = []
    for alias in node.names:
        target = alias.asname.name if alias.asname else alias.name
        while isinstance(target, cst.Attribute):
            target = target.value  # type: ignore[assignment]
        if isinstance(target, cst.Name):
            names.append(target.value)
    return names


@lru_cache(maxsize=100_000)
def names_in(text: str) -> frozenset[str]:
    """Names that a piece of code reads or binds, without attributes and keywords."""
    return frozenset(_NAME.findall(_STRING.sub('""', text))) - KEYWORDS
