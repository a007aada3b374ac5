"""Which expressions can be evaluated without changing anything."""

import re
from functools import lru_cache

import libcst as cst

PURE_CALLS = frozenset(
    "abs all any bool bytes chr dict divmod enumerate float format frozenset getattr hasattr hash"
    " int isinstance issubclass len list max min ord range repr reversed round set slice sorted"
    " str sum tuple type zip Decimal Fraction deque Counter OrderedDict".split()
)
PURE_METHODS = frozenset(
    "capitalize casefold center copy count decode difference encode endswith expandtabs find"
    " format get index intersection isalnum isalpha isdecimal isdigit isdisjoint isidentifier"
    " islower isnumeric isspace issubset issuperset istitle isupper items join keys ljust lower"
    " lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit"
    " rstrip split splitlines startswith strip swapcase symmetric_difference title union upper"
    " values zfill total_seconds bit_length as_tuple quantize floor ceil sqrt isoformat date"
    " weekday bisect bisect_left bisect_right".split()
)
_CALL = re.compile(r"(\.?)\s*([A-Za-z_]\w*)\s*\(")
_IMPURE = re.compile(r"\b(?:await|yield|lambda)\b|:=")
NOT_CALLS = frozenset("and or not in is if else for".split())
LONG = 400


@lru_cache(maxsize=50_000)
def pure(text: str) -> bool:
    """Whether evaluating this text calls nothing but what is known to change nothing."""
    if len(text) > LONG or _IMPURE.search(text):
        return False
    for dot, name in _CALL.findall(text):
        if name not in NOT_CALLS and name not in (PURE_METHODS if dot else PURE_CALLS):
            return False
    return ")(" not in text and "](" not in text


def is_read(node: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
    """Whether an expression is evaluated where it stands, in the scope of its statement."""
    match parent:
        case cst.AssignTarget() | cst.Param() | cst.Decorator() | cst.Annotation() | cst.AsName():
            return False
        case cst.AugAssign() | cst.For() | cst.CompFor() | cst.NamedExpr() | cst.AnnAssign():
            return parent.target is not node
        case cst.Del() | cst.Lambda() | cst.Global() | cst.Nonlocal() | cst.ImportAlias():
            return False
        case cst.Arg():
            return parent.keyword is not node
        case _:
            return True
