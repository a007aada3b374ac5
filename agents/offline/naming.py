"""Which tests a person means by the names they gave."""

from collections.abc import Iterable, Sequence


def named_among(test_ids: Iterable[str], names: Sequence[str]) -> tuple[str, ...]:
    """The ids that a name means: a test, all its parameters, a class, a file or a folder."""
    return tuple(test_id for test_id in test_ids if any(_means(name, test_id) for name in names))


def unknown_among(test_ids: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names that mean none of the ids."""
    return tuple(name for name in names if not any(_means(name, test) for test in test_ids))


def _means(name: str, test_id: str) -> bool:
    name = name.removesuffix("/")
    return test_id == name or test_id.startswith((f"{name}::", f"{name}[", f"{name}/"))
