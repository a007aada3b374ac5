"""What types an expression has, as far as its form and the types seen in tests tell."""

from collections.abc import Mapping

import libcst as cst

Kinds = frozenset[str]
"""Names of types; empty when unknown."""
UNKNOWN: Kinds = frozenset()
RETURNED = "<return>"
"""Stands for the result of a function among its variables."""

_CALLS = {
    "len": "int", "int": "int", "ord": "int", "hash": "int", "id": "int", "str": "str",
    "repr": "str", "chr": "str", "format": "str", "hex": "str", "bin": "str", "input": "str",
    "float": "float", "bool": "bool", "isinstance": "bool", "any": "bool", "all": "bool",
    "callable": "bool", "hasattr": "bool", "list": "list", "sorted": "list", "dict": "dict",
    "set": "set", "frozenset": "frozenset", "tuple": "tuple", "range": "range", "zip": "zip",
    "enumerate": "enumerate", "map": "map", "filter": "filter", "reversed": "reversed",
    "Counter": "Counter", "deque": "deque", "defaultdict": "defaultdict",
    "OrderedDict": "OrderedDict", "Decimal": "Decimal", "Fraction": "Fraction",
}  # fmt: skip
_METHODS = {
    **dict.fromkeys(
        ("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold",
         "replace", "join", "format", "ljust", "rjust", "center", "zfill", "removeprefix",
         "removesuffix", "swapcase", "expandtabs", "translate", "isoformat", "strftime", "read",
         "getvalue", "hexdigest", "group", "sub"), "str",
    ),
    **dict.fromkeys(("split", "rsplit", "splitlines", "readlines"), "list"),
    **dict.fromkeys(("findall", "most_common"), "list"),
    **dict.fromkeys(("partition", "rpartition", "groups"), "tuple"),
    **dict.fromkeys(("find", "rfind", "index", "rindex", "count", "bit_length"), "int"),
    **dict.fromkeys(
        ("startswith", "endswith", "isdigit", "isalpha", "isalnum", "isspace", "isupper",
         "islower", "issubset", "issuperset", "isdisjoint", "is_file", "exists"), "bool",
    ),
    "keys": "dict_keys", "values": "dict_values", "items": "dict_items", "encode": "bytes",
    "decode": "str", "total_seconds": "float",
}  # fmt: skip
_NONE = frozenset(
    {"append", "extend", "add", "update", "discard", "clear", "sort", "reverse", "insert",
     "appendleft", "remove", "setdefaults", "heapify", "heappush"}
)  # fmt: skip
NUMBERS = frozenset({"int", "float", "bool", "Decimal", "Fraction", "complex"})
SEQUENCES = frozenset({"list", "tuple", "str", "bytes", "deque", "range", "bytearray"})
MAPPINGS = frozenset({"dict", "OrderedDict", "defaultdict", "Counter", "ChainMap", "mappingproxy"})
SETS = frozenset({"set", "frozenset", "dict_keys"})
SIZED = SEQUENCES | MAPPINGS | SETS | {"dict_values", "dict_items"}


class Inference:
    """Types of the expressions in one function."""

    def __init__(
        self, seen: Mapping[str, Kinds], functions: Mapping[str, Kinds], classes: frozenset[str]
    ) -> None:
        """Know the types of names and dotted names, and what functions return, by bare name."""
        self._seen = seen
        self._functions = functions
        self._classes = classes

    def of(self, node: cst.BaseExpression) -> Kinds:  # noqa: C901
        """The types of an expression."""
        match node:
            case cst.Name(value="True" | "False") | cst.Comparison():
                return frozenset({"bool"})
            case cst.Name(value="None"):
                return frozenset({"NoneType"})
            case cst.Name() | cst.Attribute():
                return self._seen.get(dotted(node), UNKNOWN)
            case cst.UnaryOperation(operator=cst.Not()):
                return frozenset({"bool"})
            case cst.UnaryOperation(expression=inner):
                return self.of(inner)
            case cst.Integer():
                return frozenset({"int"})
            case cst.Float():
                return frozenset({"float"})
            case cst.SimpleString(value=value):
                return frozenset({"bytes" if value[:1] in "bB" else "str"})
            case cst.FormattedString() | cst.ConcatenatedString():
                return frozenset({"str"})
            case cst.List() | cst.ListComp():
                return frozenset({"list"})
            case cst.Dict() | cst.DictComp():
                return frozenset({"dict"})
            case cst.Set() | cst.SetComp():
                return frozenset({"set"})
            case cst.Tuple():
                return frozenset({"tuple"})
            case cst.Lambda():
                return frozenset({"function"})
            case cst.GeneratorExp():
                return frozenset({"generator"})
            case cst.Call():
                return self._of_call(node)
            case cst.Subscript():
                return self._of_subscript(node)
            case cst.BinaryOperation():
                return self._of_binary(node)
            case cst.BooleanOperation(left=left, right=right) | cst.IfExp(body=left, orelse=right):
                return self._either(left, right)
            case _:
                return UNKNOWN

    def _either(self, left: cst.BaseExpression, right: cst.BaseExpression) -> Kinds:
        first, second = self.of(left), self.of(right)
        return first | second if first and second else UNKNOWN

    def _of_call(self, node: cst.Call) -> Kinds:
        if isinstance(node.func, cst.Name):
            name = node.func.value
            if name in self._functions:
                return self._functions[name]
            if name in self._classes:
                return frozenset({name})
            if name in ("min", "max") and len(node.args) > 1:
                return self._either(node.args[0].value, node.args[1].value)
            if name in ("abs", "round", "sum") and node.args:
                return NUMBERS
            return frozenset({_CALLS[name]}) if name in _CALLS else UNKNOWN
        if isinstance(node.func, cst.Attribute):
            name = node.func.attr.value
            if name in self._functions:
                return self._functions[name]
            if name == "copy":
                return self.of(node.func.value)
            if name in _NONE:
                return frozenset({"NoneType"})
            return frozenset({_METHODS[name]}) if name in _METHODS else UNKNOWN
        return UNKNOWN

    def _of_subscript(self, node: cst.Subscript) -> Kinds:
        base = self.of(node.value)
        is_slice = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice)
        if base <= {"str", "bytes"} or is_slice:
            return base
        return UNKNOWN

    def _of_binary(self, node: cst.BinaryOperation) -> Kinds:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.operator, cst.Divide) and (left | right) <= {"int", "float", "bool"}:
            return frozenset({"float"}) if left and right else UNKNOWN
        if left and right and left <= NUMBERS and right <= NUMBERS:
            return (left | right) - {"bool"} or frozenset({"int"})
        if "str" in left and isinstance(node.operator, cst.Add | cst.Modulo | cst.Multiply):
            return frozenset({"str"})
        if left and isinstance(node.operator, cst.Add | cst.BitOr | cst.BitAnd | cst.Subtract):
            return left
        return UNKNOWN


def dotted(node: cst.BaseExpression) -> str:
    """`a.b.c` for names and attributes; empty for all else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""
