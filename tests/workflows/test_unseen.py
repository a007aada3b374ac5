"""Consent is to what was seen: words and commands that came before a diff do not release it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from control.commands import Commands
from control.repositories import Repositories
from core.approvals import ApprovalState
from core.channels import Said
from core.tasks import Task
from evals.scripted import REPOSITORY, Script, ScriptedThinking
from integrations.slack.blocks import render as in_slack
from telegram_bot.texts import render as in_telegram
from tests.fakes.channel import FakeChannel
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.repositories import repository
from tests.workflows.house import House, Proposing, with_engine
from tests.workflows.test_people import ANN, MENDED, People, people
from tests.workflows.test_read_by_model import MODEL, answer


@pytest.fixture
def openai():
    with OpenAIServer() as server:
        yield server


@asynccontextmanager
async def read_by_model(openai: OpenAIServer, tmp_path: Path) -> AsyncIterator[People]:
    """Ann, whose words a model reads as consent, whatever they are."""
    openai.otherwise = lambda body: answer("approve", "ship it")
    chat = FakeChannel(name="telegram")
    settings, _ = load_settings(
        data_dir=tmp_path / "data",
        telegram_approver_ids=("7",),
        model_orchestrator=MODEL,
        openai_api_base=f"{openai.url}/v1",
        openai_api_key="sk-of-the-double-0123456789",
        llm_max_retries=0,
        model_prices={MODEL: {"in": 10.0, "out": 10.0}},
    )
    mind = ScriptedThinking(Script())
    anton = await bootstrap.build(settings, thinking=mind, channels=[chat])
    await anton.start(drive=False)
    try:
        here = House(anton, mind, repository(tmp_path / "repository", REPOSITORY))
        yield People(here, chat)
    finally:
        await anton.stop(drain_s=1.0)


async def changed(here: House, task: Task) -> None:
    """A newer diff takes the place of the one that waits."""
    first = await here.pending(task)
    store = here.anton._records.approvals
    newer = first.question.but(patch_hash="f" * 64)
    await store.ask(newer, "another interrupt", first.expires_at)


async def test_words_release_only_what_was_shown_before_they_were_said(
    openai: OpenAIServer, tmp_path: Path
) -> None:
    async with read_by_model(openai, tmp_path) as ann:
        task = await ann.here.run()
        never_shown = await ann.say("ship it")
        assert never_shown.state == "asked"
        assert "was not shown here" in never_shown.text
        question = await ann.asked()
        before = ann.here.anton.clock.now() - timedelta(minutes=5)
        said = Said(text="ship it", by=ANN, key="late", at=before)
        assert (await ann.desk.hear(said)).state == "asked"
        progress = ann.chat.about("task")[-1].ref
        assert (await ann.desk.hear(said.but(about=progress, key="l2"))).state == "asked"
        assert (await ann.here.pending(task)).state is ApprovalState.PENDING
        about = said.but(about=question.ref, key="l3")
        assert (await ann.desk.hear(about)).state == "understood"


async def test_words_to_what_is_shown_act_at_once(openai: OpenAIServer, tmp_path: Path) -> None:
    async with read_by_model(openai, tmp_path) as ann:
        await ann.here.run()
        await ann.asked()
        said = Said(text="ship it", by=ANN, key="k", at=ann.here.anton.clock.now())
        assert (await ann.desk.hear(said)).state == "understood"


async def test_a_command_in_reply_to_an_old_question_is_not_about_the_new_one(
    tmp_path: Path,
) -> None:
    async with people(tmp_path) as (here, ann, _):
        task = await here.run()
        old = await ann.asked()
        await changed(here, task)
        await here.look()
        commands = Commands(here.anton, ann.desk, Repositories(()), description_max=100)
        for name in ("approve", "reject"):
            said = Said(text="", by=ANN, key=name, about=old.ref)
            heard = await commands.run(name, "", said)
            assert heard.state == "void"
            assert "The patch has changed" in heard.text
            assert not heard.buttons


async def test_a_command_says_that_its_diff_was_not_shown_yet(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, ann, _):
        await here.run()
        commands = Commands(here.anton, ann.desk, Repositories(()), description_max=100)
        said = Said(text="", by=ANN, key="k")
        before = await commands.run("approve", "", said)
        assert "was not shown here yet" in before.text
        assert "that was shown" not in before.text
        await here.look()
        assert "exactly the diff that was shown" in (await commands.run("approve", "", said)).text


async def test_what_has_to_be_typed_stands_with_the_diff_in_every_channel(tmp_path: Path) -> None:
    change = {"app.py": MENDED, ".github/workflows/ci.yml": "on: push\n"}
    async with people(tmp_path) as (here, ann, _):
        task = await with_engine(here, Proposing(change))
        card = (await ann.asked()).card
        question = (await here.pending(task)).question
        assert question.proof
        assert question.proof in in_telegram(card).plain
        assert question.proof in str(in_slack(card).blocks)
        assert question.proof in question.body
