"""Settings that cannot be used."""

from collections.abc import Iterable, Iterator

from pydantic import ValidationError


class SettingsInvalid(ValueError):
    """The environment cannot be used; one problem a line, and no value of any option in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep all problems, so that they can be mended in one go."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def problems(error: ValidationError) -> Iterator[str]:
    """What is wrong with each option, by its name and without its value."""
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        text = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        yield f"{name}: {text}"
