"""What people say to a question: read, answered with facts, or taken as their decision."""

from collections.abc import Callable

from control.chronicle import Records
from control.decisions import Decisions
from control.facts import told
from control.tasks import TaskDesk
from control.words import said_back
from core.approvals import Approval, ApprovalState, Decision, Person, Question, QuestionKind, Risk
from core.briefing import Briefing
from core.budgets import FACTOR_MAX
from core.errors import Conflict, PayloadInvalid
from core.intents import Intent, unclear
from core.ports import Reader

PROTECTED = "This is of critical risk: words alone do not release it."
BY_HASH = "Decide on the question itself, with the hash of the diff that was seen."


class Answers:
    """Takes answers to questions, in plain words or as a choice."""

    def __init__(
        self,
        records: Records,
        tasks: TaskDesk,
        decisions: Decisions,
        reader: Reader,
        *,
        masked: Callable[[str], str],
        decided: Callable[[], None],
    ) -> None:
        """`masked` takes our own secrets out of words; `decided` is called after each answer."""
        self._records = records
        self._tasks = tasks
        self._decisions = decisions
        self._reader = reader
        self._masked = masked
        self._decided = decided

    async def decide(self, approval_id: str, decision: Decision) -> Approval:
        """As Anton.decide."""
        decision = decision.but(text=self._masked(decision.text))
        decided = await self._decisions.take(approval_id, decision)
        self._decided()
        return decided

    async def read_about(self, approval_id: str, text: str) -> Intent:
        """As Anton.read_words."""
        approval = await self._records.approvals.get(approval_id)
        if approval.state is not ApprovalState.PENDING:
            raise Conflict(f"The question is settled already: {approval.state}.")
        question = await self.current(approval.question)
        intent = await self.read(text, question)
        if intent.kind == "approve" and question.risk is Risk.CRITICAL:
            return unclear(intent.text, PROTECTED, intent.read_by).but(notice=intent.notice)
        return intent

    async def read(self, words: str, question: Question) -> Intent:
        """As Anton.read."""
        return await self._reader.read(self._masked(words), question)

    async def facts(self, approval_id: str, intent: Intent) -> str:
        """As Anton.facts."""
        question = (await self._records.approvals.get(approval_id)).question
        briefing = None
        if question.brief_ref:
            kept = await self._records.artifacts.get(question.brief_ref)
            briefing = Briefing.model_validate_json(kept)
        return told(intent.topics, await self.current(question), briefing)

    async def reply(
        self, task_ref: str, text: str, by: Person, approval_id: str
    ) -> tuple[str, Approval]:
        """As Anton.reply."""
        approval = await self._the_pending(task_ref, approval_id)
        intent = await self.read_about(approval.approval_id, text)
        if intent.kind == "question":
            return await self.facts(approval.approval_id, intent), approval
        question = await self.current(approval.question)
        if intent.kind == "approve" and intent.partial:
            raise PayloadInvalid("Consent has to stand alone.", remedy=_how_to_say(question))
        if intent.choice is None:
            raise PayloadInvalid(
                " ".join(filter(None, (intent.reason, intent.notice))),
                remedy=BY_HASH if intent.reason == PROTECTED else _how_to_say(question),
            )
        decision = decision_of(intent, approval, by)
        decided = await self.decide(approval.approval_id, decision)
        said = said_back(intent.choice, text, intent.amount_usd, question)
        return " ".join(filter(None, (said, intent.notice))), decided

    async def current(self, question: Question) -> Question:
        """As Anton.current."""
        if question.kind is not QuestionKind.BUDGET:
            return question
        whose = "" if question.details.get("scope") == "day" else question.task_id
        stands = await self._records.budgets.standing(whose)
        limit = str(round(stands.limit_usd, 6))
        return question.but(details={**question.details, "limit_usd": limit})

    async def _the_pending(self, task_ref: str, approval_id: str) -> Approval:
        task = await self._tasks.one(task_ref)
        pending = await self._records.approvals.list(
            task_id=task.task_id, state=ApprovalState.PENDING
        )
        if approval_id:
            pending = [a for a in pending if a.approval_id == approval_id]
        if not pending:
            raise Conflict("Nothing waits for an answer here.")
        if len(pending) > 1:
            raise Conflict("Several questions wait: name the one that is meant.")
        return pending[0]


def decision_of(intent: Intent, approval: Approval, by: Person, key: str = "") -> Decision:
    """What was understood as a decision on what was shown; the intent is a choice."""
    return Decision.model_validate(
        {
            "choice": intent.choice,
            "text": intent.text,
            "patch_hash": approval.question.patch_hash,
            "amount_usd": intent.amount_usd,
            "by": by,
            "key": key,
        }
    )


def _how_to_say(question: Question) -> str:
    """What to say to a question instead of what was not clear."""
    choices = f"Choose one of: {', '.join(question.options)}."
    if "raise_budget" not in question.options:
        return choices
    limit = question.limit_usd or 0.0
    return (
        f"{choices} An amount is said as `another 50 cents` or `set it to $2`; the limit is "
        f"${limit:.2f}, and at most {FACTOR_MAX} times as much is taken in words."
    )
