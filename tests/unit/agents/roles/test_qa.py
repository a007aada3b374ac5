"""A test that a model writes counts by what it says on the base, and is corrected once."""

from dataclasses import replace

import pytest

from agents.roles.qa import reproduce
from core.findings import Diagnosis, Reading, Reproduction, Triage
from core.ports import Case
from core.trees import Tree
from repair.bench import Bench
from tests.fakes.model import ScriptedModel

pytestmark = pytest.mark.needs_bubblewrap

TREE = Tree().with_texts(
    {
        "shop.py": "def total(prices):\n    return sum(prices) + len(prices) // 3\n",
        "tests/test_shop.py": "from shop import total\n\n\ndef test_none():\n"
        "    assert total([]) == 0\n",
    }
)
CASE = Case(
    "t",
    "Three are too dear",
    "With three things the total is one too many.",
    "/r",
    "0" * 40,
    TREE,
    triage=Triage(acceptance_criteria=("Three ones make 3.",), affected_files_hint=("shop.py",)),
)
PATH = "tests/test_three_are_too_dear.py"


def file(body: str, path: str = PATH) -> str:
    return (
        f"It shows the fault.\n\nFILE: {path}\n```python\nfrom shop import total\n\n\n{body}```\n"
    )


RED = file("def test_three():\n    assert total([1, 1, 1]) == 3\n")
GREEN = file("def test_two():\n    assert total([1, 1]) == 2\n")
BROKEN = file("def test_three():\n    assert total_price([1, 1, 1]) == 3\n")


async def test_red_test_is_the_reproduction(bench: Bench) -> None:
    model = ScriptedModel([RED])
    found = await reproduce(CASE, bench, model)
    assert found.reading is Reading.REPRODUCED
    assert found.written
    assert found.origin == "test written by scripted from the report"
    assert found.tests == (f"{PATH}::test_three",)
    assert [change.path for change in found.files] == [PATH]


async def test_prompt_holds_report_triage_names_and_style_but_no_diagnosis(bench: Bench) -> None:
    bill = "from shop import total\n\n\ndef bill(x):\n    return total([x])\n"
    tree = TREE.with_texts({"bill.py": bill})
    seen = replace(CASE, tree=tree, diagnosis=Diagnosis(root_cause="secret cause"))
    model = ScriptedModel([RED])
    await reproduce(seen, bench, model)
    for words in (
        "With three things",
        "Three ones make 3.",
        "def total(prices)",
        "def test_none",
        "return total([x])",
    ):
        assert words in model.prompt()
    assert "secret cause" not in model.prompt()
    assert model.calls[0].tools == ()


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (GREEN, "The test passes on the faulty code"),
        (BROKEN, "NameError: name 'total_price' is not defined"),
        ("I cannot.", "Your answer could not be taken as a test"),
        (file("def test_three():\n    assert 0\n", "shop_test_data.txt"), f"no file {PATH}"),
    ],
)
async def test_other_answers_are_corrected_once(bench: Bench, first: str, told: str) -> None:
    model = ScriptedModel([first, RED])
    found = await reproduce(CASE, bench, model)
    assert told in model.prompt(1)
    assert found.reading is Reading.REPRODUCED


async def test_test_that_passes_twice_is_a_reading_and_no_proof(bench: Bench) -> None:
    found = await reproduce(CASE, bench, ScriptedModel([GREEN, GREEN]))
    assert found.reading is Reading.PASSES
    assert found.files == ()


async def test_tests_that_cannot_run_at_all_are_not_blamed_on_the_new_one(bench: Bench) -> None:
    conftest = "def pytest_configure(config):\n    raise RuntimeError('no licence for this tool')\n"
    broken = replace(CASE, tree=TREE.with_texts({"conftest.py": conftest}))
    model = ScriptedModel([RED])
    found = await reproduce(broken, bench, model)
    assert len(model.calls) == 1
    assert found.reading is Reading.OTHER_ERROR
    assert found.help_wanted.startswith("No test can be run here: ")


async def test_two_unusable_answers_leave_what_was_known(bench: Bench) -> None:
    found = await reproduce(CASE, bench, ScriptedModel(["?", "?"]))
    assert found.reading is Reading.NOTHING_TO_RUN
    assert "--test" in found.help_wanted


async def test_test_that_demands_the_opposite_is_quoted_and_real(bench: Bench) -> None:
    model = ScriptedModel(["CONTRADICTED: `assert total([]) == 0`"])
    found = await reproduce(CASE, bench, model)
    assert found.contradicted.endswith("tests/test_shop.py:5: assert total([]) == 0")
    assert found.files == ()
    model = ScriptedModel(["CONTRADICTED: assert total([]) == 7", RED])
    found = await reproduce(CASE, bench, model)
    assert found.reading is Reading.REPRODUCED, "an invented line is no answer"


async def test_what_can_be_run_is_not_written_anew(bench: Bench) -> None:
    report = "```python\nfrom shop import total\nassert total([1, 1, 1]) == 3\n```"
    given = replace(CASE, report=report)
    model = ScriptedModel([])
    found = await reproduce(given, bench, model)
    assert found.reading is Reading.REPRODUCED
    assert not found.written
    assert model.calls == []


async def test_words_of_a_person_give_a_further_test_beside_what_shows_the_fault(
    bench: Bench,
) -> None:
    red = "from shop import total\n\n\ndef test_three():\n    assert total([2, 2, 2]) == 6\n"
    tree = TREE.with_texts({"tests/test_shop_more.py": red})
    spoken = replace(CASE, tree=tree, words=("test ones, too",), findings=("test ones, too",))
    model = ScriptedModel([RED])
    found = await reproduce(spoken, bench, model)
    assert "test ones, too" in model.prompt()
    assert found.tests == ("tests/test_shop_more.py::test_three", f"{PATH}::test_three")
    assert [change.path for change in found.files] == [PATH]
    green = ScriptedModel([GREEN, GREEN])
    found = await reproduce(spoken, bench, green)
    assert found.tests == ("tests/test_shop_more.py::test_three",)
    assert found.reading is Reading.REPRODUCED


EARLIER = replace(
    CASE,
    tree=TREE.with_texts({"shop.py": "def total(prices):\n    return sum(prices)\n"}),
    reported=TREE,
)


async def test_pass_on_the_present_code_and_failure_on_the_reported_is_the_proof(
    bench: Bench,
) -> None:
    model = ScriptedModel([RED])
    found = await reproduce(EARLIER, bench, model)
    assert found.reading is Reading.FIXED_SINCE
    assert len(model.calls) == 1
    assert "on the present one it may pass" in model.prompt()


async def test_pass_on_both_states_is_told_as_such(bench: Bench) -> None:
    model = ScriptedModel([GREEN, RED])
    found = await reproduce(EARLIER, bench, model)
    assert found.reading is Reading.FIXED_SINCE
    assert "The test passes on the state that is reported as well" in model.prompt()


BANDS = """\
export interface Band {
  from: number;
  cents: number;
}
export function split(units: number, bands: Band[]): number[] {
  return bands.map((band) => units - band.from);
}
"""
PERIODS = """\
export function overlap(one: string[], other: string[]): number {
  return 1;
}
"""
INVOICE = """\
import { split, type Band } from "./bands";
import { overlap } from "./periods";
export interface Contract {
  bands: Band[];
}
export function invoice(contract: Contract, units: number, bands: Band[]): number {
  return split(units, bands)[0] * overlap([], []);
}
"""
TARIFF = Tree().with_texts(
    {
        "package.json": '{"scripts": {"test": "vitest run"}}',
        "src/bands.ts": BANDS,
        "src/invoice.ts": INVOICE,
        "src/periods.ts": PERIODS,
        "test/invoice.test.ts": 'import { expect, test } from "vitest";\n'
        'import { invoice } from "../src/invoice";\n'
        'test("nothing is due", () => {\n  expect(invoice({ bands: [] }, 0, [])).toBe(0);\n});\n',
    }
)


@pytest.mark.parametrize("filler", [0, 9000])
async def test_what_a_user_calls_is_shown_with_its_types_and_a_test(
    bench: Bench, filler: int
) -> None:
    tree = TARIFF.with_texts({"src/other.ts": f"export const FILLER = {'1' * filler};\n"})
    hinted = Triage(affected_files_hint=("src/periods.ts",))
    case = replace(CASE, report="The invoice is too low.", tree=tree, triage=hinted)
    model = ScriptedModel(["I cannot."] * 2)
    await reproduce(case, bench, model, Reproduction(reading=Reading.NOTHING_TO_RUN))
    prompt = model.prompt()
    assert PERIODS.strip() in prompt
    assert INVOICE[INVOICE.index("export function") :].strip() in prompt
    assert "export interface Contract {\n  bands: Band[];\n}" in prompt
    assert "export interface Band {\n  from: number;\n  cents: number;\n}" in prompt
    assert "nothing is due" in prompt
    assert (BANDS.strip() in prompt) is (filler == 0)
    assert ("All code of the repository" in prompt) is (filler == 0)
    assert ("Names that the repository offers" in prompt) is (filler > 0)
    assert "FILLER = 111" not in prompt


async def test_function_that_the_report_names_is_shown_and_no_licence(bench: Bench) -> None:
    shop = "# Nobody is liable.\n" * 210 + TREE.text("shop.py")
    told = replace(CASE, tree=TREE.with_texts({"shop.py": shop}))
    model = ScriptedModel([RED])
    await reproduce(told, bench, model)
    assert "return sum(prices) + len(prices) // 3" in model.prompt()
    assert "Nobody is liable" not in model.prompt()
