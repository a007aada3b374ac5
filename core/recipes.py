"""A recipe: how a repository is set up and tested, where its files alone do not tell."""

from collections.abc import Mapping

from pydantic import Field

from core.values import Value


class Recipe(Value):
    """Commands and surroundings of a repository's tests; what is empty is told from its files."""

    setup: str = ""
    """Shell command that makes what the tests need and the repository does not hold."""
    test: str = ""
    """Shell command that runs all tests; `{junit}` stands for where its report is read."""
    demo: str = ""
    """Shell command that serves its app, `{port}` being the port; `off` shows nothing live."""
    image: str = ""
    """Image of its sandboxes in Docker."""
    env: Mapping[str, str] = Field(default_factory=dict)
    """Environment variables of its commands and tests; whoever runs there can read them."""
    compose: bool = False
    """Whether its tests run in the test service of its own compose file."""
