"""What a repository says itself of how it is set up and tested; the operator's word goes first.

The file is text of the repository and trusted no more than its code: it may name commands, which
run in the sandbox alone, and nothing that decides where or with what they run.
"""

import tomllib

from core.recipes import Recipe
from core.trees import Tree

FILE = ".anton.toml"
KEYS = ("setup", "test", "demo")
"""What a repository may say of itself."""
OPERATORS = ("image", "env", "compose")
COMMAND_CHARACTERS = 2_000
MAX_FILE_BYTES = 20_000


def recipe_of(tree: Tree, operators: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe that holds for a tree, and what of the repository's own was not taken."""
    file = tree.get(FILE)
    if file is None:
        return operators, ()
    if not file.is_regular or len(file.data) > MAX_FILE_BYTES:
        return operators, (f"{FILE} is no small text file, and was not read",)
    try:
        said = tomllib.loads(file.data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return operators, (f"{FILE} cannot be read: {str(error).splitlines()[0][:200]}",)
    taken: dict[str, str] = {}
    notes: list[str] = []
    for key, value in said.items():
        if key not in KEYS:
            notes.append(f"{FILE}: {key[:40]!r} was left out: {_why(key)}")
        elif flaw := command_flaw(value):
            notes.append(f"{FILE}: {key} was left out: it {flaw}")
        elif not getattr(operators, key):
            taken[key] = value.strip()
    return operators.but(**taken), tuple(notes)


def command_flaw(value: object) -> str:
    """What is wrong with a value as a command; empty when nothing is."""
    if not isinstance(value, str) or not value.strip():
        return "is no text"
    if len(value) > COMMAND_CHARACTERS:
        return f"has more than {COMMAND_CHARACTERS} characters"
    if not value.strip().replace("\n", " ").isprintable():
        return "holds characters that cannot be shown"
    return ""


def _why(key: str) -> str:
    if key in OPERATORS:
        return "only the operator may say that, in REPOS_FILE"
    return f"a repository may name {' and '.join(KEYS)}"
