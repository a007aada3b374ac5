"""Which test a report leads to, in a real sandbox: red for the reported reason, or none."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from agents.offline.reproduction import reproduce
from core.findings import Reading, Reproduction
from core.ports import Case
from core.trees import File, Tree
from repair.bench import Bench

REPOSITORY = {
    "shop.py": "def total(items):\n    return sum(items) + 1\n",
    "tax.py": "def rate():\n    return 19\n",
    "test_shop.py": "from shop import total\n\n\ndef test_none():\n    assert total([]) >= 0\n",
}
BROKEN_TAX = "from tax import rate\n\n\ndef test_rate():\n    assert rate() == 20\n"


pytestmark = pytest.mark.needs_bubblewrap


async def found(
    bench: Bench,
    report: str,
    command: str = "",
    tests: Sequence[str] = (),
    reported: Mapping[str, str] | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
    words: Sequence[str] = (),
) -> Reproduction:
    files = {path: File(text.encode()) for path, text in {**REPOSITORY, **more}.items()}
    case = Case(
        task_id="0" * 36,
        title="It is off",
        report=report,
        repository="r",
        base_sha="b" * 40,
        tree=Tree(files),
        reported=Tree(files).with_texts(reported) if reported else None,
        tests=tuple(tests),
        reproduction_command=command,
        words=tuple(words),
    )
    return await reproduce(case, bench)


async def test_an_example_that_cannot_run_does_not_hide_the_next(bench: Bench) -> None:
    report = "```python\nassert client.total() == 1\n```\nor\n```python\nimport shop\n"
    report += "assert shop.total([1]) == 1\n```"
    answer = await found(bench, report)
    assert (answer.reading, answer.origin) == (Reading.REPRODUCED, "example in the report")


@pytest.mark.parametrize(
    "body", ["open('/srv/orders.csv').read()", "import shop, nowhere\nshop.total([1])"]
)
async def test_what_is_missing_here_is_not_the_reported_fault(bench: Bench, body: str) -> None:
    answer = await found(bench, f"```python\nimport shop\n{body}\n```")
    assert answer.reading is Reading.OTHER_ERROR


async def test_another_error_than_the_reported_one_shows_something_else(bench: Bench) -> None:
    report = "```python\nimport shop\nshop.total(5)\n```\n\nKeyError: 'price'\n"
    assert (await found(bench, report)).reading is Reading.OTHER_ERROR
    same = report.replace("KeyError: 'price'", "TypeError: 'int' object is not iterable")
    assert (await found(bench, same)).reading is Reading.REPRODUCED


async def test_a_failing_test_of_other_code_is_not_the_reported_fault(bench: Bench) -> None:
    answer = await found(bench, "total() in shop.py is wrong", more={"test_tax.py": BROKEN_TAX})
    assert answer.reading is Reading.NOTHING_TO_RUN
    answer = await found(bench, "rate() in tax.py is wrong", more={"test_tax.py": BROKEN_TAX})
    assert answer.tests == ("test_tax.py::test_rate",)


async def test_a_command_that_leaves_with_zero_shows_nothing(bench: Bench) -> None:
    answer = await found(bench, "x", "python -c 'import sys, shop; sys.exit(0)'")
    assert answer.reading is Reading.PASSES
    answer = await found(bench, "x", "python -c 'import sys, shop; sys.exit(shop.total([0]))'")
    assert answer.reading is Reading.REPRODUCED
    answer = await found(bench, "x", "no-such-program --at-all")
    assert answer.reading is Reading.OTHER_ERROR


async def test_a_package_that_is_not_there_is_named_and_no_fault(bench: Bench) -> None:
    needy = {"test_more.py": "import frobnicate\n\n\ndef test_x():\n    assert frobnicate\n"}
    reproduction = await found(bench, "total is off", more=needy)
    assert reproduction.reading is Reading.NOTHING_TO_RUN
    assert "frobnicate" in reproduction.help_wanted


RATE = "test_tax.py::test_rate"
NONE = "test_shop.py::test_none"


async def test_a_named_test_that_passes_is_not_replaced_by_another_that_fails(bench: Bench) -> None:
    answer = await found(bench, "it is off", tests=[NONE], more={"test_tax.py": BROKEN_TAX})
    assert (answer.reading, answer.origin) == (Reading.PASSES, "--test")
    assert answer.note == (
        f"The named test {NONE} passes on the base. "
        f"Other tests fail there and were left alone: {RATE}."
    )


async def test_a_named_test_that_was_red_in_the_reported_revision_is_fixed_since(
    bench: Bench,
) -> None:
    before = {"shop.py": "def total(items):\n    return -1\n"}
    for name in (NONE, "test_shop.py"):
        answer = await found(bench, "it is off", tests=[name], reported=before)
        assert answer.reading is Reading.FIXED_SINCE
    answer = await found(bench, "it is off", tests=[NONE], reported={"tax.py": "RATE = 1\n"})
    assert answer.reading is Reading.PASSES


async def test_of_several_named_tests_the_red_ones_count_and_the_others_are_told(
    bench: Bench,
) -> None:
    more = {"test_tax.py": BROKEN_TAX}
    answer = await found(bench, "it is off", tests=[NONE, RATE], more=more)
    assert (answer.reading, answer.tests) == (Reading.REPRODUCED, (RATE,))
    assert answer.note == f"The named test {NONE} passes on the base."
    answer = await found(bench, "it is off", tests=["test_gone.py::test_x", RATE], more=more)
    assert (answer.reading, answer.tests) == (Reading.REPRODUCED, (RATE,))
    assert answer.note == "The named test test_gone.py::test_x is not there."


async def test_a_named_test_that_is_not_there_is_asked_about(bench: Bench) -> None:
    name = "test_shop.py::test_gone"
    answer = await found(bench, "it is off", tests=[name], more={"test_tax.py": BROKEN_TAX})
    assert answer.reading is Reading.NOTHING_TO_RUN
    assert f"The named test {name} is not there." in answer.help_wanted
    skipped = "import pytest\n\n\n@pytest.mark.skip\ndef test_s():\n    assert False\n"
    answer = await found(bench, "x", tests=["test_s.py::test_s"], more={"test_s.py": skipped})
    assert answer.note == "The named test test_s.py::test_s is skipped on the base."


async def test_what_was_given_beside_a_named_test_still_counts(bench: Bench) -> None:
    command = "python -c 'import sys, shop; sys.exit(shop.total([0]))'"
    answer = await found(bench, "it is off", command, tests=[NONE])
    assert (answer.reading, answer.origin) == (Reading.REPRODUCED, "--repro")
    assert answer.note == f"The named test {NONE} passes on the base."


SHOP_REPORT = "```python\nfrom shop import total\nassert total([1]) == 1\n```"


async def test_an_example_that_a_person_gave_is_tested_beside_the_first(bench: Bench) -> None:
    words = ["nothing to run here", "Add a test:\n\n>>> total([])\n1\n\nExpected: 0"]
    answer = await found(bench, SHOP_REPORT, words=words)
    assert answer.reading is Reading.REPRODUCED
    assert answer.origin == "example in the report, example given by a person"
    assert [change.path for change in answer.files] == ["test_it_is_off.py", "test_it_is_off_2.py"]
    assert len(answer.tests) == 2
    second = answer.files[1].file()
    assert second is not None
    assert b"from shop import total" in second.data
    assert b"total([]) == 0" in second.data
    alone = await found(bench, "it is off", words=[SHOP_REPORT])
    assert (alone.reading, alone.origin) == (Reading.REPRODUCED, "example given by a person")


async def test_what_a_person_gave_and_shows_nothing_is_told_of(bench: Bench) -> None:
    words = ["test that:\n```python\nassert total([1]) > 0\n```", "```python\nprint(nowhere)\n```"]
    answer = await found(bench, SHOP_REPORT, words=words)
    assert len(answer.tests) == 1
    assert "`assert total([1]) > 0` passes on the base" in answer.note
    assert "`print(nowhere)` cannot be run" in answer.note


NEEDY = {
    "test_tax.py": BROKEN_TAX
    + "\n\ndef test_online():\n    import socket\n    socket.create_connection(('a.example', 80))\n"
    + "\n\ndef test_waits():\n    import time\n    time.sleep(100)\n",
    "test_more.py": "import frobnicate\n\n\ndef test_x():\n    pass\n",
}


async def test_what_fails_for_want_of_something_here_is_no_red_test(bench: Bench) -> None:
    answer = await found(bench, "It is off", more=NEEDY)
    assert (answer.reading, answer.tests) == (Reading.REPRODUCED, (RATE,))
    answer = await found(bench, "It hangs", more=NEEDY)
    assert answer.tests == (RATE, "test_tax.py::test_waits")


async def test_a_test_that_looks_for_the_network_alone_shows_nothing(bench: Bench) -> None:
    online = {
        "test_tax.py": NEEDY["test_tax.py"].replace("== 20", "== 19").partition("\n\ndef test_w")[0]
    }
    answer = await found(bench, "It is off", more=online)
    assert answer.reading is Reading.NOTHING_TO_RUN
    assert "test_tax.py::test_online looks for the network" in answer.help_wanted


async def test_of_named_tests_those_count_that_can_pass_here(bench: Bench) -> None:
    more = {"test_tax.py": NEEDY["test_tax.py"].partition("\n\ndef test_waits")[0]}
    answer = await found(bench, "It is off", tests=["test_tax.py"], more=more)
    assert answer.tests == (RATE,)
    assert "does not have: test_tax.py::test_online." in answer.note
    cause = "Without DNS: gaierror: Temporary failure in name resolution"
    online = "test_tax.py::test_online"
    answer = await found(bench, cause, tests=[online], more=more)
    assert (answer.reading, answer.tests) == (Reading.REPRODUCED, (online,))
    words = BROKEN_TAX.replace("== 20", "== 'getaddrinfo failed'")
    answer = await found(bench, "It is off", tests=[RATE], more={"test_tax.py": words})
    assert (answer.reading, answer.tests) == (Reading.REPRODUCED, (RATE,))


async def test_a_command_that_tells_of_no_test_is_the_test_itself(bench: Bench) -> None:
    check = {"check.py": "from tax import rate\nassert rate() == 20\n"}
    own = {**check, ".anton.toml": "test = 'python check.py'\n", "test_shop.py": "# none\n"}
    answer = await found(bench, "It is off", more=own)
    assert (answer.reading, answer.origin) == (Reading.REPRODUCED, "command that runs the tests")
    assert [change.path for change in answer.scaffold] == ["test_anton_reproduction.py"]
    assert "check.py" in str(answer.scaffold[0].file())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"conftest.py": "import sys\nsys.exit(3)\n"}, "exit code 3 before any of them begins"),
        ({"pytest.ini": "[pytest\n"}, "pytest says ERROR"),
    ],
)
async def test_tests_that_do_not_begin_are_told_with_the_reason(
    bench: Bench, more: Mapping[str, str], why: str
) -> None:
    answer = await found(bench, "It is off", more=more)
    assert answer.reading is Reading.NOTHING_TO_RUN
    assert why in answer.help_wanted
