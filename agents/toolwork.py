"""The fix engine `tools`: a strong model works in a sandbox; every limit saves its diff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.agent import Agent, Ending, TurnLimits, Watch, Why
from agents.allowance import Allowance, TimedModel
from agents.contest import Contest, Stint, failures
from agents.prompting import render
from agents.role import precedent_of, words_of
from agents.roles.fix import refused_in_words, sources_only
from agents.views import code_of, named_by, places_in_words, understood, users_of
from core.errors import ModelUnavailable, ToolError
from core.findings import RefusedEdit
from core.limits import RoleLimits
from core.models import Message
from core.patches import Patch
from core.ports import Case, Clock, Model
from core.trees import Tree
from repair.bench import Bench
from repair.gate import Refusal, is_test_path, refusals
from repair.refused import refused_edit
from repair.units import shown
from tools.changes import Abstention, Submission
from tools.policy import Policy
from tools.registry import tools_named
from tools.toolbox import Refused, Toolbox
from tools.workplace import Workplace

READING = ("read_file", "grep", "glob", "list_dir", "repo_outline", "verify_symbol_in_repo")
FIXING = (
    *("read_file", "write_file", "edit_file", "grep", "glob", "list_dir", "shell", "run_tests"),
    *("git_status", "submit_changes", "leave_unchanged"),
)
LOOKING = 0.6
"""Of the seconds of a role that looks around before it concludes, what looking may take."""
TEST_MAX_CHARS = 4000
CODE_MAX_CHARS = 6000


@dataclass(frozen=True)
class Crew:
    """What agents with tools need beside a model."""

    clock: Clock
    limits: Mapping[str, RoleLimits]
    """Of every role."""
    policy: Policy
    refused: Refused
    watch: Watch

    def timed(self, role: str, model: Model) -> TimedModel:
        """A model for one run of a role, within the seconds of that role."""
        time = Allowance(role, self.limits[role].on(model.name).seconds, self.clock)
        return TimedModel(model, time, lambda other: self.timed(role, other))

    def agent(
        self, case: Case, timed: TimedModel, toolbox: Toolbox, node: str, **more: Any
    ) -> Agent:
        """One role at work with its tools."""
        return Agent(
            timed.model,
            toolbox,
            TurnLimits(turns=self.limits[toolbox.role].turns),
            timed.time,
            task_id=case.task_id,
            node=node,
            seed=case.seed,
            watch=self.watch,
            **more,
        )

    def toolbox(self, role: str, names: Sequence[str], place: Workplace) -> Toolbox:
        """Exactly these tools."""
        return Toolbox(role, tools_named(names), place, refused=self.refused, policy=self.policy)


async def gather(
    case: Case, bench: Bench, timed: TimedModel, opening: Sequence[Message], crew: Crew
) -> tuple[Message, ...]:
    """Look around with tools that change nothing; the conversation, to be concluded from.

    It leaves a part of the role's time for the conclusion, and looks at nothing where the model is
    away and only a fallback that cannot use tools is there.
    """
    looking = timed.time.share(LOOKING)
    async with bench.workshop(case.tree) as (sandbox, environment):
        place = Workplace(sandbox, case.tree, environment, may_write=lambda _: "only reading")
        toolbox = crew.toolbox("diagnosis", READING, place)
        eyes = replace(timed, time=looking)
        agent = crew.agent(case, eyes, toolbox, "diagnose", ends_by_words=True)
        try:
            seen = (await agent.work(opening)).messages
        except ModelUnavailable:
            if timed.other is None:
                raise
            seen = tuple(opening)
    timed.time.spend(looking)
    return seen


async def fix(contest: Contest, model: Model, crew: Crew, attempts: int) -> Stint:
    """Let a model work; what it leaves in its workspace is a candidate, however it ended."""
    refused: list[RefusedEdit] = []
    ending, tree = await _work(contest, model, crew, attempts, refused)
    contest.spent = ending.spent
    said = "" if tree is None else await _judged(contest, tree, ending, refused)
    answer = ending.answer
    return Stint(
        f"tools ({ending.model or model.name})",
        said or _why_not(ending),
        refused=tuple(refused),
        abstains=answer.reason if isinstance(answer, Abstention) else "",
        speechless=ending.why is Why.MALFORMED,
    )


async def _work(
    contest: Contest, model: Model, crew: Crew, attempts: int, refused: list[RefusedEdit]
) -> tuple[Ending, Tree | None]:
    """Let the model work; how it ended, and the workspace if anything was changed.

    What the gate refuses on the way is added to `refused`.
    """
    tree, case = contest.tree, contest.case

    def gate(base: Tree, result: Tree, /) -> Sequence[Refusal]:
        found = refusals(base, result, recipe=case.recipe)
        patch = Patch.between(case.base_sha, base, result)
        refused.extend(refused_edit(one, patch) for one in found)
        return found

    async with contest.bench.workshop(tree) as (sandbox, environment):
        place = Workplace(
            sandbox,
            tree,
            environment,
            gate=gate,
            may_write=_why_no_test,
        )
        toolbox = crew.toolbox("fix", FIXING, place)
        agent = crew.agent(case, crew.timed("fix", model), toolbox, "fix")
        ending = await agent.work(_opening(contest, crew, attempts))
        try:
            handed_in = isinstance(ending.answer, Submission)
            left = ending.answer.tree if handed_in else await place.current()
        except ToolError:
            return ending, None
    return ending, left if left.id != tree.id else None


def _opening(contest: Contest, crew: Crew, attempts: int) -> tuple[Message, ...]:
    case = contest.case
    named = named_by(case.diagnosis)
    code = code_of(case, named, CODE_MAX_CHARS)
    return render(
        "fix-tools",
        report=words_of(case),
        precedent=precedent_of(case),
        **understood(case),
        tests="\n".join(contest.red[:10]),
        test=contest.tests_in_words(TEST_MAX_CHARS),
        failure=failures(contest.survey.run, contest.red),
        suspects=places_in_words((*named, *contest.suspects())),
        code=shown(code),
        users=users_of(case.tree, named, code),
        findings="\n".join(case.findings),
        refused=refused_in_words(case),
        attempt=case.attempt,
        attempts=attempts,
        turns=crew.limits["fix"].turns,
    )


async def _judged(contest: Contest, tree: Tree, ending: Ending, refused: list[RefusedEdit]) -> str:
    """Put what the workspace holds to the same tests as any candidate; why it does not hold.

    What a limit left half done is a candidate only where a red test can tell that it is done.
    """
    case = contest.case
    added = {change.path: case.tree.get(change.path) for change in contest.files}
    result = sources_only(case.tree, tree.with_files(added))
    patch = Patch.between(case.base_sha, case.tree, result)
    if not patch.changes:
        return "Nothing but tests was changed."
    if patch.sha256 in case.rejected:
        return "This very change was turned down before."
    red = case.reproduction.run if case.reproduction else None
    if held := refusals(case.tree, result, red_on_base=red, recipe=case.recipe):
        refused.extend(refused_edit(one, patch) for one in held)
        return " ".join(one.message for one in held[:3])
    if not ending.done and not contest.red:
        contest.keep(patch)
        return f"{_why_not(ending)} What stood by then is kept, and nothing tells what it mends."
    judged, said = await contest.judge(patch, _words(ending), ending.model)
    return "" if contest.holds(judged) else said


def _words(ending: Ending) -> str:
    """What the model says of its change."""
    if isinstance(ending.answer, Submission):
        return ending.answer.explanation[:500]
    said = ending.text.strip().split("\n", maxsplit=1)[0][:400]
    return f"{said} (Cut off at a limit: {ending.why}.)".strip()


def _why_not(ending: Ending) -> str:
    if isinstance(ending.answer, Abstention):
        return f"The model advises against any change: {ending.answer.reason[:1000]}"
    if ending.done:
        return "The change that was handed in does not hold."
    return f"The work with tools ended at a limit ({ending.why}): {ending.note}".rstrip(": ")


def _why_no_test(path: str) -> str:
    return "tests are what the change is judged by" if is_test_path(path) else ""
