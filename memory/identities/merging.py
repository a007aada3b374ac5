"""A change of an identity carried over to another version of it."""

from typing import Any

from core.errors import Conflict
from core.identities import Identity

ABSENT = object()
FIXED = ("role", "version", "v")
FIRST_HOLDS = ("origins",)
"""Fields in which what stands is left when both sides say something new."""
OF_RULES = ("rule_stats", "origins")
"""What is told of rules: it goes with its rule, whatever the other side counted meanwhile."""


def merged(base: Identity, wanted: Identity, stands: Identity) -> Identity:
    """What stands with the change from `base` to `wanted` made on it, under the version of it.

    Of lists what came is added and what went is taken out; of counts the greater holds. Raises
    Conflict where both sides say different things of one field.
    """
    before, mine, theirs = (
        {key: value for key, value in one.dump().items() if key not in FIXED}
        for one in (base, wanted, stands)
    )
    fields = _map(before, mine, theirs, "")
    return Identity.model_validate({**fields, "role": stands.role, "version": stands.version})


def _map(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], at: str) -> Any:
    together: dict[str, Any] = {}
    for key in {**theirs, **mine}:
        path = f"{at}.{key}" if at else key
        before, wanted, stands = (one.get(key, ABSENT) for one in (base, mine, theirs))
        value = _value(before, wanted, stands, path)
        if value is not ABSENT:
            together[key] = value
    return together


def _value(base: Any, mine: Any, theirs: Any, path: str) -> Any:
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    field = path.partition(".")[0]
    if ABSENT in (mine, theirs) and field in OF_RULES:
        return ABSENT
    kinds = {type(one) for one in (mine, theirs)}
    if kinds == {list}:
        return _list(base if isinstance(base, list) else [], mine, theirs)
    if kinds == {dict}:
        return _map(base if isinstance(base, dict) else {}, mine, theirs, path)
    if kinds == {int}:
        return max(mine, theirs)
    if field in FIRST_HOLDS:
        return theirs
    raise Conflict(f"Two people say different things of {path}.")


def _list(base: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any]:
    kept = [one for one in theirs if one in mine or one not in base]
    return kept + [one for one in mine if one not in base and one not in kept]
