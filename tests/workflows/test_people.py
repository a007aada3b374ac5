"""People in a channel: they are asked, answer once, and every message tells what came of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from control.desk import Desk
from core.approvals import ApprovalState, Person
from core.channels import Heard, Said, Tap
from core.errors import EffectUnknown, HostUnreachable, RateLimited
from core.findings import Triage
from core.models import Tokens
from core.tasks import Outcome
from evals.scripted import Script
from tests.fakes.channel import FakeChannel, Shown
from tests.workflows.house import House, Proposing, house, with_engine

ANN = Person(channel="telegram", person_id="7", name="Ann")
BOB = Person(channel="telegram", person_id="8", name="Bob")
OTHER_FIX = "def total(items):\n    result = sum(items)\n    return result\n"
MENDED = "def total(items):\n    return sum(items)\n"


class People:
    """Ann in her chat, and what she sees there."""

    def __init__(self, here: House, chat: FakeChannel) -> None:
        self.here = here
        self.chat = chat
        self.desk = Desk(here.anton, here.anton.messages, here.anton.clock)
        self._keys = 0

    async def tap(self, message: Shown, action: str, by: Person = ANN, **more: Any) -> Heard:
        """Tap a button that the message showed at any time."""
        made = [b for card in message.cards for b in card.buttons if b.action == action]
        return await self.press(made[0].action, made[0].nonce, by, **more)

    async def press(self, action: str, nonce: str, by: Person = ANN, **more: Any) -> Heard:
        self._keys += 1
        fields = {"action": action, "nonce": nonce, "by": by, "key": f"t{self._keys}", **more}
        return await self.desk.tap(Tap(**fields))

    async def say(self, text: str, about: str = "", by: Person = ANN) -> Heard:
        self._keys += 1
        return await self.desk.hear(Said(text=text, by=by, key=f"s{self._keys}", about=about))

    async def asked(self) -> Shown:
        """The latest question that the chat shows."""
        await self.here.look()
        return self.chat.about("approval")[-1]


@asynccontextmanager
async def people(
    tmp_path: Path, script: Script | None = None, chat: FakeChannel | None = None, **options: Any
) -> AsyncIterator[tuple[House, People, FakeChannel]]:
    chat = chat or FakeChannel(name="telegram")
    settings = {"telegram_approver_ids": ("7",), **options}
    async with house(tmp_path, script, channels=[chat], **settings) as here:
        await here.anton.views[0]._looked()
        yield here, People(here, chat), chat


async def test_a_task_asks_is_approved_by_a_tap_and_its_message_tells_the_end(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, chat):
        task = await here.run()
        question = await ann.asked()
        assert question.card.briefing
        assert question.card.briefing.root_cause == "total() adds one too many."
        assert "+    return sum(items)" in question.card.diff
        assert [button.action for button in question.card.buttons] == [
            "approve",
            "request_changes",
            "reject",
        ]
        heard = await ann.tap(question, "approve")
        assert heard.state == "approving"
        await here.look()
        assert question.card.buttons == ()
        assert "Approved by Ann (7) in telegram" in question.card.footer
        task = await here.anton.drive(task.task_id)
        await here.look()
        assert task.outcome is Outcome.FIXED
        assert "Ended: fixed" in question.card.footer
        assert question.card.settled
        assert str(task.result["branch"]) in question.card.footer
        assert chat.about("end") == []
        seen = len(question.cards)
        await here.look()
        assert len(question.cards) == seen


async def test_a_message_links_to_the_page_of_its_task(tmp_path: Path) -> None:
    async with people(tmp_path, public_url="https://anton.example.org") as (here, ann, chat):
        task = await here.run()
        question = await ann.asked()
        page = f"https://anton.example.org/ui/tasks/{task.task_id}"
        assert question.card.link == chat.about("task")[0].card.link == page


async def test_most_of_a_budget_being_spent_is_told_once_for_each_limit(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, _, chat):
        task, records = await here.run(), here.anton._records

        async def spend(usd: float) -> list[Shown]:
            held = await records.budgets.reserve(task.task_id, "fix", tokens=10, cost_usd=usd)
            tokens = Tokens(sent=5, received=5)
            await records.budgets.settle(held.reservation_id, tokens, cost_usd=usd, seconds=1.0)
            usage = await records.budgets.usage(task.task_id)
            await records.tasks.update(task.task_id, usage=usage)
            await here.look()
            await here.look()
            return chat.about("budget")

        assert await spend(0.30) == []
        (told,) = await spend(0.12)
        assert told.card.title == f"{task.task8} 84% of the budget is spent"
        assert "$0.4200 of $0.50" in told.card.body
        await records.budgets.more(task.task_id, 0.50, key="k")
        assert await spend(0.08) == [told]
        assert [shown.card.body[:16] for shown in await spend(0.35)] == [
            "$0.4200 of $0.50",
            "$0.8500 of $1.00",
        ]


async def test_a_second_tap_hears_who_was_first_and_changes_nothing(tmp_path: Path) -> None:
    async with people(tmp_path, telegram_approver_ids=("7", "8")) as (here, ann, _):
        task = await here.run()
        question = await ann.asked()
        await ann.tap(question, "approve")
        late = await ann.tap(question, "approve", by=BOB)
        assert late.state == "already_approved"
        assert "Ann (7) in telegram" in late.text
        rejecting = await ann.tap(question, "reject", by=BOB)
        assert rejecting.state == "already_approved"
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.FIXED


async def test_feedback_in_words_gives_a_new_diff_and_the_old_button_says_so(
    tmp_path: Path,
) -> None:
    script = Script(fixes=(OTHER_FIX, MENDED))
    async with people(tmp_path, script) as (here, ann, _):
        task = await here.run()
        old = await ann.asked()
        heard = await ann.say("please do it in one line, without a variable", about=old.ref)
        assert heard.state == "understood"
        assert "one line" in heard.text
        await here.anton.drive(task.task_id)
        new = await ann.asked()
        assert new is not old
        assert "Changes requested by Ann (7)" in old.card.footer
        assert (await ann.tap(old, "approve")).state == "already_answered"
        assert (await ann.tap(new, "approve")).state == "approving"


async def test_a_question_that_a_newer_one_replaced_says_that_the_patch_has_changed(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        old = await ann.asked()
        store = here.anton._records.approvals
        first = await here.pending(task)
        changed = first.question.but(patch_hash="f" * 64)
        await store.ask(changed, "another interrupt", first.expires_at)
        heard = await ann.tap(old, "approve")
        assert heard.state == "void"
        assert "The patch has changed" in heard.text
        await here.look()
        assert old.card.buttons == ()
        assert old.card.settled


async def test_who_is_not_listed_changes_nothing_and_is_written_down(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        question = await ann.asked()
        for heard in (
            await ann.tap(question, "approve", by=BOB),
            await ann.tap(question, "reject", by=BOB),
            await ann.tap(question, "request_changes", by=BOB),
            await ann.say("ship it", about=question.ref, by=BOB),
        ):
            assert heard.state == "refused"
        assert (await here.pending(task)).state is ApprovalState.PENDING


async def test_where_two_have_to_approve_the_message_tells_who_did(tmp_path: Path) -> None:
    script = Script(triage=Triage(blast_radius="multi_service"))
    options: dict[str, Any] = {"approval_two_for": "high", "telegram_approver_ids": ("7", "8")}
    async with people(tmp_path, script, **options) as (here, ann, _):
        task = await here.run()
        question = await ann.asked()
        assert (await ann.tap(question, "approve")).state == "done"
        assert (await ann.tap(question, "approve")).state == "refused"
        await here.look()
        assert "1 of 2, by Ann (7)" in question.card.footer
        assert question.card.buttons
        assert (await ann.tap(question, "approve", by=BOB)).state == "approving"
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.FIXED


async def test_a_protected_path_is_named_and_its_hash_is_typed(tmp_path: Path) -> None:
    change = {"app.py": MENDED, ".github/workflows/ci.yml": "on: push\n"}
    async with people(tmp_path) as (here, ann, _):
        task = await with_engine(here, Proposing(change))
        question = await ann.asked()
        heard = await ann.tap(question, "approve")
        assert heard.wants_words
        assert ".github/workflows/ci.yml" in heard.text
        await ann.desk.asked_at(heard, "telegram", "home", "home:99")
        assert (await ann.say("abcdef", about="home:99")).state == "asked"
        assert (await here.pending(task)).state is ApprovalState.PENDING
        digits = (await here.pending(task)).question.patch_hash[-6:]
        assert (await ann.say(digits, about="home:99")).state == "approving"


async def test_a_button_that_the_question_does_not_have_is_not_known(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        nonce = (await ann.asked()).card.buttons[0].nonce
        for action in ("raise_9999", "raise_nan", "stop", "guidance", "yes", "no"):
            assert (await ann.press(action, nonce)).state == "not_found"
        assert (await here.pending(task)).state is ApprovalState.PENDING


async def test_a_forged_button_is_not_known(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, ann, _):
        await here.run()
        await ann.asked()
        assert (await ann.press("approve", "forged")).state == "not_found"


async def test_give_feedback_asks_for_words_and_a_reply_to_that_is_the_feedback(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        question = await ann.asked()
        heard = await ann.tap(question, "request_changes")
        assert heard.wants_words
        await ann.desk.asked_at(heard, "telegram", "home", "home:99")
        done = await ann.say("yes", about="home:99")
        assert done.state == "done"
        approval = await here.anton.approval(question.card.approval_id)
        assert approval.state is ApprovalState.CHANGES_REQUESTED
        assert approval.decision
        assert approval.decision.text == "yes"
        assert task.task_id == approval.task_id


async def test_a_rejection_is_asked_about_once_more_and_only_its_person_can_say_yes(
    tmp_path: Path,
) -> None:
    async with people(tmp_path, telegram_approver_ids=("7", "8")) as (here, ann, _):
        task = await here.run()
        question = await ann.asked()
        heard = await ann.tap(question, "reject")
        yes, no = heard.buttons
        assert (await ann.press(yes.action, yes.nonce, by=BOB)).state == "refused"
        assert (await ann.press(no.action, no.nonce)).state == "told"
        assert (await here.pending(task)).state is ApprovalState.PENDING
        assert (await ann.press(yes.action, yes.nonce)).state == "done"
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.REJECTED


async def test_words_that_a_grammar_read_as_consent_wait_for_a_yes(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        await ann.asked()
        heard = await ann.say("ship it")
        assert heard.state == "asked"
        assert (await here.pending(task)).state is ApprovalState.PENDING
        assert (await ann.press("yes", heard.buttons[0].nonce)).state == "approving"


async def test_words_without_context_go_to_the_only_question_else_it_is_asked_which(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, _):
        assert (await ann.say("ship it")).state == "told"
        first, second = await here.run(), await here.run()
        await here.look()
        heard = await ann.say("please use a constant for the start value")
        assert heard.state == "asked"
        assert len(heard.buttons) == 2
        meant = next(b for b in heard.buttons if first.task8 in b.label)
        assert (await ann.press(meant.action, meant.nonce)).state == "understood"
        answered = await here.anton.approvals(task_id=first.task_id)
        assert answered[0].state is ApprovalState.CHANGES_REQUESTED
        assert (await here.pending(second)).state is ApprovalState.PENDING


async def test_a_reply_to_a_task_s_progress_belongs_to_what_that_task_waits_for(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, chat):
        task, _ = await here.run(), await here.run()
        await here.look()
        progress = next(m for m in chat.about("task") if m.card.task_id == task.task_id)
        heard = await ann.say("please use a constant for the start value", about=progress.ref)
        assert heard.task_id == task.task_id
        assert heard.state == "understood"


async def test_a_channel_that_is_down_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    chat = FakeChannel(name="telegram", failing=HostUnreachable("down"))
    async with people(tmp_path, chat=chat) as (here, ann, _):
        task = await here.run()
        for error in (chat.failing, RateLimited("slow down", retry_after_s=3)):
            chat.failing = error
            await here.anton.views[0]._looked()
            assert here.anton.views[0].standing["status"] == "failing"
        health = await here.anton.health()
        assert health["status"] == "degraded"
        chat.failing = None
        question = await ann.asked()
        assert not question.card.repeated
        assert len(chat.about("approval")) == 1
        assert question.card.task_id == task.task_id


async def test_a_message_whose_fate_is_unknown_is_sent_again_and_says_so(tmp_path: Path) -> None:
    chat = FakeChannel(name="telegram", failing_after=EffectUnknown("lost"))
    async with people(tmp_path, chat=chat) as (here, ann, _):
        await here.run()
        await here.anton.views[0]._looked()
        await here.look()
        first, second = chat.about("approval")
        assert not first.card.repeated
        assert second.card.repeated
        assert (await ann.tap(first, "approve")).state == "approving"


async def test_a_question_whose_message_was_deleted_is_asked_anew(tmp_path: Path) -> None:
    async with people(tmp_path, approval_remind_minutes=0.01) as (here, ann, chat):
        await here.run()
        question = await ann.asked()
        chat.delete(question)
        await asyncio.sleep(0.7)
        again = await ann.asked()
        assert again.card.repeated
        assert "Has waited" in again.card.footer
        assert again.card.buttons


async def test_a_channel_that_takes_no_progress_stays_in_trouble_until_it_does(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, chat):
        task = await here.run()
        await ann.asked()
        view = here.anton.views[0]
        await view.records.tasks.update(task.task_id, reason="A model is away.")
        view._progressed.clear()
        chat.failing = HostUnreachable("down")
        for _ in range(3):
            await view._looked()
            assert view.standing["status"] == "failing"
        chat.failing = None
        await view._looked()
        assert view.standing["status"] == "ok"
        events = [e.data for e in await here.anton.events.after(0) if e.type == "integration"]
        assert [(data["name"], data["state"]) for data in events] == [
            ("telegram", "failing"),
            ("telegram", "live"),
        ]
        assert "A model is away." in chat.about("task")[0].card.body


async def test_what_ends_without_a_question_is_told_once(tmp_path: Path) -> None:
    script = Script(triage=Triage(verdict="noise", reasoning="a test alert"))
    async with people(tmp_path, script) as (here, _, chat):
        task = await here.run()
        assert task.outcome is Outcome.NOISE
        await here.look()
        await here.look()
        (told,) = chat.about("end")
        assert "Ended: noise" in told.card.body


async def test_an_hour_without_the_channel_is_told_afterwards_and_only_once(
    tmp_path: Path,
) -> None:
    script = Script(triage=Triage(verdict="noise", reasoning="a test alert"))
    async with people(tmp_path, script) as (here, _, chat):
        chat.failing = HostUnreachable("down")
        await here.run()
        await here.run()
        await here.anton.views[0]._looked()
        chat.failing = None
        await here.look()
        await here.look()
        assert len(chat.about("end")) == 2


async def test_after_a_restart_nothing_is_told_twice(tmp_path: Path) -> None:
    chat = FakeChannel(name="telegram")
    async with people(tmp_path, chat=chat) as (here, ann, _):
        await here.run()
        await ann.asked()
    seen = len(chat.shown)
    async with people(tmp_path, chat=chat) as (here, ann, _):
        await here.look()
        assert len(chat.shown) == seen
        assert (await ann.tap(chat.about("approval")[0], "approve")).state == "approving"
