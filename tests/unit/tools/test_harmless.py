"""What is called harmless is run, in made-up combinations, and must leave everything as it was."""

import random
from typing import Any

import pytest

from tools.commands import judged
from tools.workplace import Workplace

pytestmark = pytest.mark.needs_bubblewrap

COMMANDS = (
    *(
        "ls",
        "cat",
        "grep x",
        "echo a",
        "git log",
        "git diff",
        "find .",
        "sort",
        "uniq",
        "wc -l",
        "file",
    ),
    *(
        "cut -c1",
        "tr a b",
        "head",
        "diff",
        "printf %s",
        "test",
        "stat",
        "column",
        "cd src",
        "date",
        "nl",
    ),
)
PARTS = (
    *(
        "README.md",
        "src/app.py",
        "-o",
        "-o z",
        "--output=z",
        "--out z",
        "-oz",
        "-exec",
        "touch z",
        ";",
    ),
    *(
        "\\;",
        "-delete",
        "-fprint z",
        "*",
        "$(ls)",
        "`ls`",
        "'q'",
        '"$x"',
        "> z",
        ">>z",
        ">&z",
        "&>z",
    ),
    *(
        ">|z",
        "<>z",
        "2>z",
        "2>&1",
        "<README.md",
        "| tee z",
        "&& touch z",
        "|| touch z",
        "& touch z",
    ),
    *("\ntouch z", "|xargs touch", "-v x z", "--", "-i", "-s", "-C", "{a,z}", "<<<z", "<(touch z)"),
    *(">(tee z)", "$'z'", "\\", "#", "!", "~", "=", "(", "{ touch z; }", "()", "a=1", "export z"),
    *(
        "--compress-program=touch",
        "|&",
        "$((z=1))",
        "${z:=1}",
        "-ok touch",
        "-fls z",
        "\t",
        "\r",
        "\xa0",
    ),
)
SEED = 7
WANTED = 150


async def test_what_is_called_harmless_changes_nothing(
    place: Workplace, record_property: Any
) -> None:
    chance = random.Random(SEED)
    made = harmless = 0
    while harmless < WANTED:
        parts = [chance.choice(PARTS + COMMANDS) for _ in range(chance.randint(0, 4))]
        command = chance.choice(COMMANDS) + "".join(chance.choice(["", " "]) + p for p in parts)
        made += 1
        if judged(command).risk == "safe":
            harmless += 1
            await place.sandbox.run(["bash", "-c", "--", command], timeout_s=5.0)
            assert (await place.sandbox.export(place.base)).id == place.base.id, command
    record_property("figure", f"{harmless} of {made} made commands called safe; 0 changed anything")
    assert made > 1.5 * harmless, "hardly anything was refused: the parts tempt to nothing"
