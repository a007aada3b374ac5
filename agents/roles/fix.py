"""The fix in text alone: whole functions out of the model, applied, gated and judged by tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.answers import NOTHING_SAID
from agents.edits.apply import apply_reply
from agents.edits.values import Applied, Unit, Why
from agents.prompting import render
from agents.role import Role, precedent_of, words_of
from agents.views import names_of, tests_of, understood
from core.findings import RefusedEdit
from core.models import Message, Reply
from core.patches import Patch
from core.ports import Case, Model
from core.trees import Tree
from repair.gate import is_test_path, refusals
from repair.refused import refused_edit
from repair.units import Excerpt, shown
from sandbox.node_detection import is_script
from tools.toolbox import TOLD_CHARACTERS, Refusal

FIX = Role("fix", node="fix", max_tokens=8192)
NO_CHANGE = "NO CHANGE:"
REFUSED_SHOWN = 3
REFUSED_MAX_CHARS = 800
SAMPLED = 0.8
"""Temperature of all candidates but the first, which is greedy."""


@dataclass(frozen=True)
class Proposal:
    """What one reply came to: a patch, or why there is none."""

    reply: Reply
    patch: Patch | None = None
    refusals: tuple[str, ...] = ()
    edits: tuple[RefusedEdit, ...] = ()
    """What the gate refused of it."""
    abstains: str = ""
    """Why the model says that nothing should be changed; empty when it does not."""
    barred: tuple[Refusal, ...] = ()
    """What it asked for that nobody may do, for the audit log."""

    @property
    def sentence(self) -> str:
        """What the model says of its change, in its first line."""
        first = self.reply.text.strip().split("\n", maxsplit=1)[0].strip()
        return "" if first.startswith(("FILE:", "```", "{")) else first[:500]


@dataclass
class Talk:
    """The conversation of one attempt: the question, and what became of the last answers."""

    case: Case
    model: Model
    code: Sequence[Excerpt]
    opening: Sequence[Message]
    told: list[Message] = field(default_factory=list)

    async def ask(self, *, greedy: bool) -> Proposal:
        """One more candidate."""
        temperature = 0.0 if greedy else SAMPLED
        messages = [*self.opening, *self.told]
        reply = await self.model.complete(FIX.call(self.case, messages, temperature=temperature))
        return proposal_of(reply, self.case, self.code)

    def tell(self, proposal: Proposal, what_happened: str, result: str) -> None:
        """Let the next answer know of this one; only the latest is kept, prompts stay short."""
        self.told = [
            Message(author="assistant", text=proposal.reply.text[:20_000] or NOTHING_SAID),
            *render("fix-again", what_happened=what_happened, result=result),
        ]


def opening(
    case: Case,
    code: Sequence[Excerpt],
    *,
    test: str,
    failure: str,
    unit: str,
    attempts: int,
    complete: bool,
    users: str = "",
) -> tuple[Message, ...]:
    """The question of an attempt; `unit` is `whole` or `blocks`."""
    return render(
        "fix",
        unit=unit,
        script=any(is_script(one.path) for one in code[:1]),
        report=words_of(case),
        precedent=precedent_of(case),
        **understood(case),
        tests=tests_of(case, names_of(case, code), code),
        test=test,
        failure=failure,
        code=shown(code),
        complete=complete,
        users=users,
        findings="\n".join(case.findings),
        refused=refused_in_words(case),
        attempt=case.attempt,
        attempts=attempts,
    )


def proposal_of(reply: Reply, case: Case, code: Sequence[Excerpt]) -> Proposal:
    """The patch in a reply, if all of it can be applied and no gate holds against it.

    `code` is what was shown: it tells which of two functions of one name is meant.
    """
    text = reply.text.strip()
    if text.startswith(NO_CHANGE) and "FILE:" not in text:
        return Proposal(reply, abstains=text.removeprefix(NO_CHANGE).strip()[:1000])
    applied = apply_reply(reply.text, case.tree, offered=_offered(code), finish=reply.finish)
    tests = [path for path in applied.changed if is_test_path(path)]
    barred = barred_in(applied, FIX, reply.text, beyond=tests)
    if applied.tree is None or applied.refusals:
        advice = tuple(one.message for one in applied.refusals)
        return Proposal(reply, refusals=advice, barred=barred)
    patch = Patch.between(case.base_sha, case.tree, sources_only(case.tree, applied.tree))
    if said := _unwanted(case, patch):
        return Proposal(reply, refusals=(said,), barred=barred)
    red = case.reproduction.run if case.reproduction else None
    refused = refusals(case.tree, patch.apply(case.tree), red_on_base=red, recipe=case.recipe)
    if not refused:
        return Proposal(reply, patch=patch, barred=barred)
    words = tuple(f"{one.message} {one.before} {one.after}".strip() for one in refused)
    edits = tuple(refused_edit(one, patch) for one in refused)
    barred += tuple(barred_by("gate", one.message, FIX, reply.text) for one in refused)
    return Proposal(reply, refusals=words, edits=edits, barred=barred)


def barred_in(
    applied: Applied, role: Role, text: str, *, beyond: Sequence[str]
) -> tuple[Refusal, ...]:
    """Paths of a reply that nobody may write, and those `beyond` what its role may."""
    paths = [one.message for one in applied.refusals if one.why is Why.PATH]
    others = [f"{path} may not be changed by the role {role.name}" for path in beyond]
    return (
        *(barred_by("path", message, role, text) for message in paths),
        *(barred_by("role", message, role, text) for message in others),
    )


def barred_by(rule: str, reason: str, role: Role, text: str) -> Refusal:
    """The record of one thing that a reply in text asked for and did not get."""
    return Refusal(role.name, "reply", rule, reason, text[:TOLD_CHARACTERS])


def _offered(code: Sequence[Excerpt]) -> list[Unit]:
    functions = [Unit(one.path, name) for one in code for name in one.functions]
    return [*functions, *(Unit(one.path) for one in code if one.whole)]


def sources_only(base: Tree, result: Tree) -> Tree:
    """The result with every test as it is on base."""
    tests = {path for path in {*base.files, *result.files} if is_test_path(path)}
    return result.with_files({path: base.get(path) for path in tests})


def _unwanted(case: Case, patch: Patch) -> str:
    """Why a patch is not even looked at; empty when it is."""
    if not patch.changes:
        return "The answer changes nothing: the code in it is the code as it stands."
    if patch.sha256 in case.rejected:
        return "This very change was turned down before."
    return ""


def refused_in_words(case: Case) -> str:
    """The edits that the gate refused before, the latest last, with what they would change."""
    return "\n\n".join(_in_words(edit) for edit in case.refused[-REFUSED_SHOWN:])


def _in_words(edit: RefusedEdit) -> str:
    sides = [("before", edit.before), ("after", edit.after)]
    shown = [f"{name}:\n{text[:REFUSED_MAX_CHARS]}" for name, text in sides if text]
    return "\n".join([edit.message, *shown])
