"""Every error of the house, drawn as a tree.

AntonError
├── ConfigError
├── ConsentRefused
│   ├── NotEntitled
│   ├── ConfirmationWrong
│   └── VoiceCounted
├── EventError
│   ├── SignatureInvalid
│   └── PayloadInvalid
├── ModelError
│   ├── ModelUnavailable
│   ├── PromptTooLong
│   └── AnswerInvalid
│       └── NoAnswer
├── ToolError
│   └── ToolRefused
├── SandboxError
│   ├── SandboxUnavailable
│   ├── SandboxGone
│   ├── EnvironmentUnprepared
│   ├── DemoUnavailable
│   │   └── NothingToShow
│   └── ArchiveRefused
├── IntegrationError
│   ├── RateLimited
│   ├── Forbidden
│   ├── HostUnreachable
│   ├── EffectUnknown
│   └── RepositoryInvalid
├── StoreError
│   ├── NotFound
│   │   └── Expired
│   ├── Conflict
│   ├── LeaseLost
│   └── StoreUnusable
│       ├── StoreAway
│       └── StoreTaken
├── TaskCancelled
└── LimitExceeded
    ├── BudgetExceeded
    └── TimeUp
"""


class AntonError(Exception):
    """Something went wrong in Anton."""

    def __init__(self, message: str | None = None, *, remedy: str | None = None) -> None:
        """Say what went wrong; without a message the class speaks for itself."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.remedy = remedy
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} Remedy: {self.remedy}" if self.remedy else self.message


class ConfigError(AntonError):
    """The configuration cannot be used."""


class ConsentRefused(AntonError):
    """The rules of consent do not let this decision count."""


class NotEntitled(ConsentRefused):
    """This person may not decide that."""


class ConfirmationWrong(ConsentRefused):
    """What has to be typed to approve this is missing, or is not right."""


class VoiceCounted(ConsentRefused):
    """An approval of this person is counted already, and another person has to approve too."""


class EventError(AntonError):
    """What came in cannot be taken."""


class SignatureInvalid(EventError):
    """The sender could not be verified."""


class PayloadInvalid(EventError):
    """The payload does not have the expected form."""


class ModelError(AntonError):
    """A model call gave nothing that can be used."""


class ModelUnavailable(ModelError):
    """No model answers."""


class PromptTooLong(ModelError):
    """The prompt does not fit the model's window, or was cut off on its way."""


class AnswerInvalid(ModelError):
    """The model's answer does not have the asked form."""


class NoAnswer(AnswerInvalid):
    """What the models reply is no answer at all."""


class ToolError(AntonError):
    """The tool could not do it; the model may try otherwise."""


class ToolRefused(ToolError):
    """What was asked of a tool is not allowed; the model is told, and it is written down."""

    def __init__(self, message: str | None = None, *, rule: str) -> None:
        """Name the rule that holds here, such as `path` or `policy`."""
        super().__init__(message)
        self.rule = rule


class SandboxError(AntonError):
    """The sandbox could not do its work."""


class SandboxUnavailable(SandboxError):
    """No sandbox that holds what it promises can be opened here."""


class SandboxGone(SandboxError):
    """The sandbox ended before its work was done."""


class DemoUnavailable(SandboxError):
    """The app cannot be shown live."""


class NothingToShow(DemoUnavailable):
    """The repository has nothing that could be shown live."""


class EnvironmentUnprepared(SandboxError):
    """What the repository needs before its tests can run is missing."""


class ArchiveRefused(SandboxError):
    """An archive held something that may not cross the sandbox's border."""


class IntegrationError(AntonError):
    """A system outside of the house refused or failed."""


class RateLimited(IntegrationError):
    """The host asks for patience."""

    def __init__(self, message: str | None = None, *, retry_after_s: float = 60.0) -> None:
        """Carry for how many seconds the host asked to be left alone."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Forbidden(IntegrationError):
    """The host denies access; the missing permission is named."""


class HostUnreachable(IntegrationError):
    """The host does not answer, or answers with a fault of its own."""


class EffectUnknown(IntegrationError):
    """Nobody can tell what became of an outer effect that was begun."""


class RepositoryInvalid(IntegrationError):
    """The repository cannot be worked on."""


class StoreError(AntonError):
    """The store could not do it."""


class NotFound(StoreError):
    """There is no such thing."""


class Expired(NotFound):
    """It is not kept any more: what tasks made is kept for a time only."""


class Conflict(StoreError):
    """Somebody else was first, or the state does not allow it."""


class LeaseLost(StoreError):
    """Another worker holds this task by now; nothing more is written here."""


class StoreUnusable(StoreError):
    """The database is corrupt, locked, full or newer than this program."""


class StoreAway(StoreUnusable):
    """The store does not answer for now."""


class StoreTaken(StoreUnusable):
    """Another process works on this data."""


class TaskCancelled(AntonError):
    """The task was cancelled: nothing more is begun for it."""


class LimitExceeded(AntonError):
    """A limit was reached."""


class BudgetExceeded(LimitExceeded):
    """The budget is spent."""

    def __init__(
        self,
        message: str | None = None,
        *,
        remedy: str | None = None,
        scope: str = "task",
        salvage: object = None,
    ) -> None:
        """Carry which limit it was; an engine that is stopped adds its PartialFix as salvage."""
        super().__init__(message, remedy=remedy)
        self.scope = scope
        self.salvage = salvage


class TimeUp(LimitExceeded):
    """The time is up."""
