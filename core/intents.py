"""What somebody meant by plain words, held to what is open and to what words alone may do."""

from typing import Literal

from core.approvals import Choice, Question
from core.values import Value
from core.visible import is_disguised

Kind = Choice | Literal["question", "unclear"]
Topic = Literal["change", "cause", "proof", "sureness", "risk", "cost", "review", "report", "next"]
"""What somebody may ask about, as a briefing can answer it."""

GRAMMAR = "grammar"
"""Who reads where no model does."""
ACTING: tuple[Choice, ...] = ("approve", "reject", "raise_budget", "take_over", "noise", "stop")
"""Choices that do more than let the work go on with somebody's words."""
WITH_WORDS: tuple[Choice, ...] = ("request_changes", "guidance", "answer")
"""Choices whose words are what counts."""
PLAIN_MAX = 400
"""Longer texts are no plain words: they can tell, and decide nothing; in characters."""


class Intent(Value):
    """What was understood of somebody's words; nothing has been decided yet."""

    kind: Kind
    """A choice that is open, a question to Anton, or unclear."""
    text: str = ""
    """The words, as they go with a decision."""
    amount_usd: float | None = None
    """By how much a budget is to be raised; of raise_budget alone."""
    topics: tuple[Topic, ...] = ()
    """What is asked about; of a question alone."""
    read_by: str = GRAMMAR
    """`grammar`, or the model's name."""
    partial: bool = False
    """Whether what shows it is not all of the words, so that the rest may say otherwise."""
    reason: str = ""
    """Why it is unclear, for whoever spoke."""
    notice: str = ""
    """What else whoever spoke is to know, such as that no model could be asked."""

    @property
    def choice(self) -> Choice | None:
        """The choice that was made, if one was."""
        return None if self.kind == "question" or self.kind == "unclear" else self.kind

    @property
    def needs_confirmation(self) -> bool:
        """Whether what was understood is repeated and confirmed before it acts.

        A grammar knows words and no meaning, and consent stands alone. What only says how to go on
        is said back as it acts.
        """
        if self.kind == "approve" and self.partial:
            return True
        return self.read_by == GRAMMAR and self.kind in ACTING


def unclear(words: str, reason: str, read_by: str = GRAMMAR) -> Intent:
    """Nothing that could be acted on, and why."""
    return Intent(kind="unclear", text=words, reason=reason, read_by=read_by)


def held(intent: Intent, question: Question) -> Intent:
    """The intent where it may follow from such words as the answer to this question, else unclear.

    Whoever read them: a choice is open, long texts only tell, and words that are not what they look
    like decide nothing.
    """
    choice, words = intent.choice, intent.text
    if choice is None:
        return intent
    if choice not in question.options:
        return unclear(words, f"{choice} is no answer to this question.", intent.read_by)
    if choice in WITH_WORDS:
        return intent
    if len(words) > PLAIN_MAX:
        return unclear(words, "That is too long for a decision in words.", intent.read_by)
    if is_disguised(words):
        reason = "There are hidden signs in it, or letters that look like others."
        return unclear(words, reason, intent.read_by)
    if (choice == "raise_budget") != (intent.amount_usd is not None):
        return unclear(words, "The amount is not clear.", intent.read_by)
    return intent
