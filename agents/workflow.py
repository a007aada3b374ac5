"""The fix engine `workflow`: text alone, for any model; the calls are few and known beforehand.

Localise, show whole functions, take several candidates, let the tests judge, rank.
"""

from dataclasses import dataclass, field

from agents.contest import Contest, Stint, failures
from agents.replies import IN_A_ROW, fault_of
from agents.roles.fix import Proposal, Talk, opening
from agents.views import is_all, users_of
from core.errors import BudgetExceeded, TimeUp
from core.findings import RefusedEdit
from core.ports import Model
from repair.refused import REFUSALS_MAX
from repair.units import WHOLE_FILE_MAX_LINES, excerpts
from repair.votes import in_order
from sandbox.node_detection import is_script
from tools.toolbox import Refused, unheard

CANDIDATES = 4
CODE_SHARE = 0.4
"""Of the model's window, what the code in a prompt may take."""
CHARACTERS_A_TOKEN = 3
CODE_MAX_CHARS = 30_000
"""More code than that dilutes what matters, however large the window."""
OTHER_FORM_AFTER = 2
"""Replies in a row that could not be applied before the other form of answer is asked for."""
TEST_MAX_CHARS = 6000
NAMED_MAX = 5
"""Places whose users are shown."""
UNUSABLE = "Your answer could not be used."
FAILED = "Your change was tested, and it does not hold."


@dataclass
class Count:
    """What one attempt has used."""

    model: str
    """Who answered last."""
    calls: int = 0
    unusable: int = 0
    """Replies in a row that could not be applied."""
    degenerate: int = 0
    """Replies in a row that are no answer at all."""
    refused: list[str] = field(default_factory=list)
    edits: list[RefusedEdit] = field(default_factory=list)
    """What the gate refused."""
    abstains: str = ""
    cut: str = ""
    """That the time was up, in words."""

    def take(self, proposal: Proposal) -> None:
        """Count one reply."""
        self.model = proposal.reply.model
        self.calls += 1
        self.abstains = proposal.abstains
        self.refused += proposal.refusals
        self.edits += proposal.edits
        usable = bool(proposal.patch or proposal.abstains)
        self.unusable = 0 if usable else self.unusable + 1
        fault = None if usable else fault_of(proposal.reply)
        self.degenerate = self.degenerate + 1 if fault else 0

    @property
    def speechless(self) -> bool:
        """Whether the replies are no answers any more."""
        return self.degenerate >= IN_A_ROW

    @property
    def ends(self) -> str:
        """Why this model is not asked any more; empty while it is."""
        if self.cut:
            return self.cut
        if self.speechless:
            return f"The last {IN_A_ROW} replies were no answers, and {self.model} was left."
        if len({edit.proposal for edit in self.edits}) >= REFUSALS_MAX:
            return "The attempt ended with its third refused edit."
        return ""


async def fix(
    contest: Contest, model: Model, attempts: int, *, refused: Refused = unheard
) -> Stint:
    """Put candidates of a model to the contest; `refused` hears what was barred."""
    count = Count(model.name)
    try:
        await _sample(contest, model, attempts, count, refused)
    except BudgetExceeded as spent:
        contest.spent = spent
    except TimeUp as error:
        count.cut = error.message
    return Stint(
        f"workflow ({count.model})",
        _why_not(contest, count),
        refused=tuple(count.edits),
        abstains=count.abstains,
        saved_calls=max(0, CANDIDATES - count.calls),
        speechless=count.speechless,
    )


async def _sample(
    contest: Contest, model: Model, attempts: int, count: Count, refused: Refused
) -> None:
    """Ask for one candidate after the other, until one holds or the plan is spent."""
    units = _units(contest)
    talk = _talk(contest, model, units[0], attempts)
    while count.calls < CANDIDATES:
        proposal = await talk.ask(greedy=count.calls == 0)
        for one in proposal.barred:
            await refused(one)
        count.take(proposal)
        if proposal.abstains or count.ends:
            return
        if proposal.patch is None:
            if count.unusable == OTHER_FORM_AFTER:
                talk = _talk(contest, model, units[1], attempts)
            talk.tell(proposal, UNUSABLE, "\n\n".join(proposal.refusals))
            continue
        judged, said = await contest.judge(proposal.patch, proposal.sentence, proposal.reply.model)
        if contest.holds(judged) or contest.won:
            return
        talk.tell(proposal, FAILED, said)


def _units(contest: Contest) -> tuple[str, str]:
    """In which form a change is asked for, and in which one after answers that could not be used.

    Functions whole, as weak models lose count in parts of them; a very long one in parts first, and
    so is a script, of which only whole files can be put in the place of the old.
    """
    suspects = contest.places()[:1]
    if any(is_script(one.path) for one in suspects):
        return "blocks", "whole"
    first = excerpts(contest.case.tree, suspects, max_chars=1)
    lines = max((one.text.count("\n") for one in first), default=0)
    return ("blocks", "whole") if lines > WHOLE_FILE_MAX_LINES else ("whole", "blocks")


def _talk(contest: Contest, model: Model, unit: str, attempts: int) -> Talk:
    """The question of this attempt, with as much code as the model's window bears."""
    room = min(CODE_MAX_CHARS, int(model.window * CODE_SHARE) * CHARACTERS_A_TOKEN)
    places = contest.places()
    code = excerpts(contest.case.tree, places, max_chars=room)
    complete = is_all(contest.case.tree, code)
    users = "" if complete else users_of(contest.case.tree, places[:NAMED_MAX], code)
    messages = opening(
        contest.case,
        code,
        test=contest.tests_in_words(TEST_MAX_CHARS),
        failure=failures(contest.survey.run, contest.red),
        unit=unit,
        attempts=attempts,
        complete=complete,
        users=users,
    )
    return Talk(contest.case, model, code, messages)


def _why_not(contest: Contest, count: Count) -> str:
    """What happened, for the case that nothing holds."""
    if count.abstains:
        return f"The model advises against any change: {count.abstains}"
    best = next(iter(in_order(contest.judged)), None)
    near = (
        f" The best turns {best.red_passed} of {len(contest.red)} red tests green." if best else ""
    )
    refused = f" Refused: {' '.join(count.refused[-2:])}" if count.refused else ""
    said = f"{count.calls} answers gave no change that holds.{near}{refused}"
    return f"{said} {count.ends}".strip()
