"""Models that talk nonsense or go away, at the wire: a nudge, the other engine, the other model."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agents.agent import unwatched
from agents.engine import ModelEngine
from agents.models.options import ModelOptions
from agents.offline.engine import OfflineEngine
from agents.offline.fixing import Search
from agents.replies import IN_A_ROW
from agents.toolwork import Crew
from core.errors import ModelUnavailable
from core.evidence import Evidence, Verdict
from core.findings import Diagnosis, Reading, Reproduction, ReviewVerdict, Triage
from core.limits import role_limits
from core.patches import Patch
from core.ports import Case
from core.trees import Tree
from repair.bench import Bench
from tests.fakes.clock import FakeClock
from tests.fakes.model import STRONG
from tests.fakes.model_server import Act
from tests.fakes.ollama_server import OllamaServer
from tests.fakes.openai_server import OpenAIServer
from tests.unit.agents.models.house import KEY, house
from tools.policy import Policy
from tools.toolbox import unheard

pytestmark = pytest.mark.needs_bubblewrap

FIRST, SECOND = "openai/double", "ollama/qwen3:8b"
TREE = Tree().with_texts(
    {
        "shop.py": "def total(prices):\n    return sum(prices) + len(prices) // 3\n",
        "tests/test_shop.py": "from shop import total\n\n\ndef test_total():\n"
        "    assert total([1, 1, 1]) == 3\n",
    }
)
RED = Reproduction(reading=Reading.REPRODUCED, tests=("tests/test_shop.py::test_total",))
CASE = Case("t", "Three are too dear", "Three things cost one too many.", "/r", "0" * 40, TREE)
MENDED = Act(
    text="It adds one for three.\n\nFILE: shop.py\n```python\ndef total(prices):\n"
    "    return sum(prices)\n```\n"
)
NONSENSE = (
    Act(text=""),
    Act(text="I'm sorry, but I can't help with that."),
    Act(text='<tool_call>{"name": "read_file"}</tool_call>'),
)
CUT = Act(text='{"verdict": "real"', finish="length")


def typed(**fields: object) -> Act:
    return Act(text=json.dumps(fields))


class Servers:
    """The model that talks nonsense, and the one behind it."""

    def __init__(self, first: OpenAIServer, second: OllamaServer, folder: Path) -> None:
        self.first, self.second, self.folder = first, second, folder
        first.otherwise = second.otherwise = lambda body: Act(text="")

    @asynccontextmanager
    async def engine(
        self, bench: Bench, *, fallback: bool = True, strong: bool = False
    ) -> AsyncIterator[tuple[ModelEngine, Case]]:
        options = ModelOptions(
            model=FIRST,
            bases={"openai": f"{self.first.url}/v1", "ollama": self.second.url},
            keys={"OPENAI_API_KEY": KEY},
            fallback=(SECOND,) if fallback else (),
        )
        async with house(self.folder, options) as home:
            if strong:
                home.roster.capabilities[FIRST] = STRONG
            yield (
                ModelEngine(
                    home.roster.under(home.budgets),
                    frozenset({"triage", "diagnosis", "qa", "fix", "reviewer", "scribe"}),
                    OfflineEngine(bench, Search(max_candidates=1), lambda _: None),
                    Crew(FakeClock(), role_limits({}), Policy.AUTO, unheard, unwatched),
                ),
                replace(CASE, task_id=home.task_id),
            )

    @property
    def asked(self) -> tuple[int, int]:
        """How often each of them was."""
        return len(self.first.asked), len(self.second.asked)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with OpenAIServer() as first, OllamaServer() as second:
        yield Servers(first, second, tmp_path)


# --- the fix ----------------------------------------------------------------------------------


async def test_nonsense_in_text_leads_to_the_other_model(servers: Servers, bench: Bench) -> None:
    servers.first.script(*NONSENSE)
    servers.second.script(MENDED)
    async with servers.engine(bench) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert servers.asked == (IN_A_ROW, 1)
    assert "could not be used" in json.dumps(servers.first.asked[1])
    assert [one.found_by for one in attempt.candidates] == [SECOND]
    assert attempt.engine == f"workflow ({FIRST}), then workflow ({SECOND})"
    assert attempt.speechless == ""


async def test_nonsense_with_tools_leads_to_text_and_then_to_the_other_model(
    servers: Servers, bench: Bench
) -> None:
    servers.first.script(*NONSENSE, *NONSENSE)
    servers.second.script(MENDED)
    async with servers.engine(bench, strong=True) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert servers.asked == (2 * IN_A_ROW, 1)
    with_tools = [bool(body.get("tools")) for body in servers.first.asked]
    assert with_tools == [True] * IN_A_ROW + [False] * IN_A_ROW
    nudged = [body["messages"][-1]["content"] for body in servers.first.asked[1:IN_A_ROW]]
    assert ["was empty" in nudged[0], "was declined" in nudged[1]] == [True, True]
    expected = f"tools ({FIRST}), then workflow ({FIRST}), then workflow ({SECOND})"
    assert attempt.engine == expected
    assert attempt.candidates[0].found_by == SECOND


async def test_words_that_make_sense_in_between_begin_the_count_anew(
    servers: Servers, bench: Bench
) -> None:
    empty = Act(text="")
    servers.first.script(empty, empty, Act(text="Here you are!"), MENDED)
    async with servers.engine(bench) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert servers.asked == (4, 0)
    assert attempt.candidates[0].found_by == FIRST


@pytest.mark.parametrize("fallback", [True, False])
async def test_a_person_is_due_when_no_model_makes_sense(
    servers: Servers, bench: Bench, fallback: bool
) -> None:
    async with servers.engine(bench, fallback=fallback) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert servers.asked == (IN_A_ROW, IN_A_ROW if fallback else 0)
    assert attempt.candidates == ()
    assert attempt.final is None
    assert "no answers" in attempt.speechless
    assert (SECOND if fallback else FIRST) in attempt.speechless


async def test_what_stood_when_the_talk_with_tools_broke_down_is_a_candidate(
    servers: Servers, bench: Bench
) -> None:
    edit = {"path": "shop.py", "old": " + len(prices) // 3", "new": ""}
    servers.first.script(Act(text="", calls=(("edit_file", json.dumps(edit)),)), *NONSENSE)
    async with servers.engine(bench, strong=True) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert servers.asked == (1 + IN_A_ROW, 0), "what holds needs no other engine"
    assert attempt.candidates[0].found_by == FIRST
    assert "-    return sum(prices) + len(prices) // 3" in attempt.candidates[0].patch.diff


async def test_what_stood_and_does_not_hold_is_kept_while_the_other_engine_goes_on(
    servers: Servers, bench: Bench
) -> None:
    edit = {"path": "shop.py", "old": "// 3", "new": "// 2"}
    servers.first.script(
        Act(text="", calls=(("edit_file", json.dumps(edit)),)), *NONSENSE, *NONSENSE
    )
    async with servers.engine(bench, strong=True, fallback=False) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert attempt.candidates == ()
    assert attempt.partial
    assert "+    return sum(prices) + len(prices) // 2" in attempt.partial.patch.diff


async def test_weaker_fallback_of_a_model_that_is_away_works_in_text(
    servers: Servers, bench: Bench
) -> None:
    servers.first.otherwise = lambda body: Act(status=401)
    servers.second.script(MENDED)
    async with servers.engine(bench, strong=True) as (engine, case):
        attempt = await engine.fix(replace(case, reproduction=RED))
    assert attempt.engine == f"tools ({FIRST}), then workflow ({SECOND})"
    assert attempt.candidates[0].found_by == SECOND
    (asked,) = servers.second.asked
    assert not asked.get("tools")


async def test_weaker_fallback_diagnoses_from_what_it_is_shown(
    servers: Servers, bench: Bench
) -> None:
    servers.first.otherwise = lambda body: Act(status=401)
    quote = {"path": "shop.py", "quote": "return sum(prices) + len(prices) // 3"}
    cause = typed(root_cause="One for three.", evidence=[quote], confidence=0.9)
    servers.second.script(Act(text="It adds one for three."), cause)
    async with servers.engine(bench, strong=True) as (engine, case):
        found = await engine.diagnose(case)
    assert found.root_cause == "One for three."
    assert [bool(body.get("tools")) for body in servers.second.asked] == [False, False]


async def test_model_that_is_away_with_nobody_behind_it_is_an_outage(
    servers: Servers, bench: Bench
) -> None:
    servers.first.otherwise = lambda body: Act(status=401)
    async with servers.engine(bench, strong=True, fallback=False) as (engine, case):
        with pytest.raises(ModelUnavailable, match="HTTP 401"):
            await engine.fix(replace(case, reproduction=RED))
        with pytest.raises(ModelUnavailable):
            await engine.diagnose(case)


# --- the other roles --------------------------------------------------------------------------


async def test_triage_is_taken_over(servers: Servers, bench: Bench) -> None:
    servers.first.script(Act(text=""), CUT, NONSENSE[1])
    servers.second.script(typed(verdict="real", component="till"))
    async with servers.engine(bench) as (engine, case):
        found = await engine.triage(case)
    assert (found.component, found.defaulted) == ("till", False)
    assert servers.asked == (IN_A_ROW, 1)
    nudged = [body["messages"][-1]["content"] for body in servers.first.asked[1:]]
    assert "was empty" in nudged[0]
    assert "Be shorter" in nudged[1]
    assert len(servers.second.asked[0]["messages"]) == len(servers.first.asked[0]["messages"])


async def test_triage_without_another_model_is_a_default(servers: Servers, bench: Bench) -> None:
    async with servers.engine(bench, fallback=False) as (engine, case):
        found = await engine.triage(case)
    assert (found.verdict, found.defaulted) == ("real", True)
    assert f"The last {IN_A_ROW} replies of {FIRST} were no answers (empty)." in found.reasoning
    assert servers.asked == (IN_A_ROW, 0)


async def test_diagnosis_is_taken_over_where_it_broke_down(servers: Servers, bench: Bench) -> None:
    servers.first.script(Act(text="It adds one for three."), *NONSENSE)
    quote = {"path": "shop.py", "quote": "return sum(prices) + len(prices) // 3"}
    servers.second.script(typed(root_cause="One for three.", evidence=[quote], confidence=0.9))
    async with servers.engine(bench) as (engine, case):
        found = await engine.diagnose(case)
    assert (found.root_cause, found.confidence) == ("One for three.", 0.9)
    assert found.method.startswith(SECOND)
    assert "It adds one for three." in json.dumps(servers.second.asked[0])


async def test_diagnosis_without_another_model_is_a_guess(servers: Servers, bench: Bench) -> None:
    async with servers.engine(bench, fallback=False) as (engine, case):
        found = await engine.diagnose(case)
    assert found.confidence <= 0.3
    assert "no answers" in found.method
    assert servers.asked == (IN_A_ROW, 0)


async def test_test_is_written_by_the_other_model(servers: Servers, bench: Bench) -> None:
    path = "tests/test_three_are_too_dear.py"
    test = "from shop import total\n\n\ndef test_three():\n    assert total([2, 2, 2]) == 6\n"
    servers.second.script(Act(text=f"FILE: {path}\n```python\n{test}```\n"))
    tree = TREE.with_texts({"tests/test_shop.py": "def test_nothing():\n    pass\n"})
    async with servers.engine(bench) as (engine, case):
        found = await engine.reproduce(replace(case, tree=tree))
    assert found.reading is Reading.REPRODUCED
    assert found.origin == f"test written by {SECOND} from the report"
    assert servers.asked == (IN_A_ROW, 1)


async def test_without_a_test_the_task_says_why(servers: Servers, bench: Bench) -> None:
    tree = TREE.with_texts({"tests/test_shop.py": "def test_nothing():\n    pass\n"})
    async with servers.engine(bench, fallback=False) as (engine, case):
        found = await engine.reproduce(replace(case, tree=tree))
    assert found.reading is Reading.NOTHING_TO_RUN
    assert f"replies of {FIRST} were no answers" in found.note


async def test_review_names_who_read_and_is_no_approval_without(
    servers: Servers, bench: Bench
) -> None:
    fixed = TREE.with_texts({"shop.py": "def total(prices):\n    return sum(prices)\n"})
    patch = Patch.between("0" * 40, TREE, fixed)
    evidence = Evidence(verdict=Verdict.FIXED, tree_hash=patch.tree_hash, base_sha="0" * 40)
    servers.first.script(*NONSENSE)
    servers.second.script(typed(verdict="APPROVE"))
    async with servers.engine(bench) as (engine, case):
        shown = replace(case, reproduction=RED, triage=Triage(), diagnosis=Diagnosis(root_cause=""))
        read = await engine.review(shown, patch, evidence)
        unread = await engine.review(shown, patch, evidence)
        told = await engine.narrate(shown, "- Files: shop.py")
    assert (read.verdict, read.reviewer) == (ReviewVerdict.APPROVE, SECOND)
    assert unread.verdict is ReviewVerdict.REQUEST_CHANGES
    assert "no answers" in unread.issues[-1].message
    assert told.text == ""
