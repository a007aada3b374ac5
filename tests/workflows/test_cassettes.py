"""Exchanges that were answered by hand, played again: the orchestration only, no model's wit.

Whoever gave the answers saw nothing but the requests. That the same answers still lead to the same
end shows that what is asked for is still what is understood.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from config import load_settings
from core import figures
from core.approvals import ApprovalState, Decision
from core.identities import Identity
from core.ports import InteractionLog
from core.tasks import Task, TaskRequest, trace_id_for
from memory.identities.sqlite import SqliteIdentityStore
from memory.stores.sqlite import SqliteStores
from observability.clock import SystemClock
from observability.interactions.bigquery import BigQueryInteractionLog
from observability.interactions.cloud import Place
from observability.interactions.sqlite import SqliteInteractionLog
from observability.redaction import Redactor
from tests.fakes.bigquery_server import PROJECT, BigQueryServer
from tests.fakes.repositories import git
from tests.workflows.house import ME

pytestmark = pytest.mark.needs_bubblewrap
CASSETTES = Path(__file__).parent.parent / "data" / "cassettes"
MENDED = ("for least, share in DISCOUNTS:", "for least, share in reversed(DISCOUNTS):")


def committed(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def parcel(folder: Path, *, mended: bool) -> None:
    """The parcel repository; with `mended`, the release with the fault is tagged v1.3."""
    shutil.copytree(CASSETTES / "parcel", folder)
    git(folder, "init", "-q", "-b", "main")
    committed(folder, "the tariff")
    if mended:
        git(folder, "tag", "v1.3")
        invoice = folder / "parcel" / "invoice.py"
        invoice.write_text(invoice.read_text().replace(*MENDED))
        committed(folder, "invoice: the greatest discount that is reached counts")


def laid_out(name: str, folder: Path) -> None:
    """The repository of a cassette."""
    if name.startswith("flags"):
        shutil.copytree(CASSETTES / "flags", folder)
        git(folder, "init", "-q", "-b", "main")
        committed(folder, "the flags")
        return
    parcel(folder, mended=not name.startswith("parcel"))
    if name.startswith("rounding"):
        shutil.copy(CASSETTES / "rounding-README.md", folder / "README.md")
        committed(folder, "readme: how prices are rounded")


async def played(
    name: str,
    tmp_path: Path,
    *,
    script: Path | None = None,
    options: Mapping[str, Any] | None = None,
    **request: Any,
) -> tuple[Task, Path]:
    """The task of a cassette, approved where it asks; `script` is played in its place."""
    repository = tmp_path / "repository"
    laid_out(name, repository)
    kind = name.rpartition("-")[2]
    settings, _ = load_settings(
        data_dir=tmp_path / "data",
        model=f"scripted/{script or CASSETTES / f'{name}.json'}",
        fix_engine=kind,
        offline_max_candidates=1,
        **(options or {}),
    )
    anton = await bootstrap.build(settings)
    await anton.start(drive=False)
    try:
        report = (CASSETTES / f"{name.partition('-')[0]}.md").read_text()
        title = report.strip().split("\n", maxsplit=1)[0]
        asked = TaskRequest(repository=str(repository), text=report, title=title, **request)
        task = await anton.drive((await anton.submit(asked)).task_id)
        for one in await anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING):
            seen = one.question.patch_hash
            decision = Decision(choice="approve", patch_hash=seen, by=ME)
            await anton.decide(one.approval_id, decision)
            task = await anton.drive(task.task_id)
    finally:
        await anton.stop(drain_s=1.0)
    return task, repository


@pytest.mark.parametrize(
    "name",
    [
        "parcel-tools",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("flags-workflow", "flags-tools", "parcel-workflow")
        ),
    ],
)
async def test_fault_is_proved_mended_and_released(name: str, tmp_path: Path) -> None:
    task, repository = await played(name, tmp_path)
    await require_released(task, repository, tmp_path / "data", tools="tools" in name)


async def require_released(task: Task, repository: Path, data: Path, *, tools: bool) -> None:
    """The branch holds what was proved; every call is logged and traced."""
    assert task.outcome == "fixed"
    report = task.result["report"]
    evidence = report["evidence"]
    assert evidence["base"]["failed"]
    assert evidence["fixed"]["failed"] == []
    branch = git(repository, "for-each-ref", "--format=%(refname)", "refs/heads/anton")
    assert git(repository, "rev-parse", f"{branch}^{{tree}}") == evidence["tree_hash"]
    assert report["model_calls"] >= 6
    log = await SqliteInteractionLog.open(data, clock=SystemClock(), redactor=Redactor())
    await require_logged(task, log)
    require_traced(task, data / "traces" / "spans.jsonl", tools=tools)


def require_traced(task: Task, file: Path, *, tools: bool) -> None:
    """All that was done hangs below the task in one trace, and each at its place."""
    spans = [json.loads(line) for line in file.read_text().splitlines()]
    assert {one["trace_id"] for one in spans} == {trace_id_for(task.task_id)}
    names = {one["span_id"]: one["name"] for one in spans}
    assert [one["name"] for one in spans if one["parent_id"] not in names] == ["task repair"]
    above: dict[str, set[str]] = {}
    for one in spans:
        first = one["name"].partition(" ")[0]
        above.setdefault(first, set()).add(names.get(one["parent_id"], "").partition(" ")[0])
    assert above["task"] == {""}
    assert above["node"] == {"task"}
    assert above["invoke_agent"] == {"node"}
    assert above["chat"] == {"invoke_agent"}
    assert above["effect"] == {"node"}
    assert above["sandbox"] <= {"node", "invoke_agent", "execute_tool"}
    assert (above.get("execute_tool") == {"invoke_agent"}) is tools
    calls = [one for one in spans if one["name"].startswith("chat")]
    assert len(calls) >= task.usage.model_calls
    sent = [one["attributes"].get("gen_ai.usage.input_tokens", 0) for one in calls]
    assert sum(sent) == task.usage.tokens_in
    failed = [one for one in spans if one["status"] == "error"]
    assert {one["attributes"]["error.type"] for one in failed} <= {"ScriptExhausted"}


async def require_logged(task: Task, log: InteractionLog) -> None:
    """Every call of a task is in the log, with the outcome of the task, and is summed by role."""
    calls = await log.ask(figures.conversation(task.task_id, 100))
    rates = await log.ask(figures.success_rates(task.created_at))
    await log.close()
    assert len(calls) == task.usage.model_calls
    assert {call.outcome for call in calls} == {task.outcome}
    assert {call.role for call in calls} == {rate.role for rate in rates}
    assert {(rate.tasks, rate.rate) for rate in rates} == {(1, 1.0)}
    spent = task.usage.tokens_in + task.usage.tokens_out
    assert sum(rate.tokens for rate in rates) == spent
    assert sum(call.tokens_in + call.tokens_out for call in calls) == spent


async def test_a_task_goes_on_while_the_cloud_of_the_log_is_away(
    tmp_path: Path, firestore: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore)
    with BigQueryServer() as cloud:
        options = {
            "gcp_project_id": PROJECT,
            "bigquery_emulator_host": cloud.url,
        }
        cloud.lasts = 4  # until the dataset and its three tables are made
        task, _ = await played("rounding-workflow", tmp_path, options=options)
        assert cloud.ids("agent_interactions") == []
        cloud.lasts = None
        log = await BigQueryInteractionLog.open(
            tmp_path / "data",
            place=Place(PROJECT, "agent_system", 10**9, emulator=cloud.url),
            clock=SystemClock(),
            redactor=Redactor(),
            uploads=True,
        )
        await require_logged(task, log)
    assert task.outcome == "not_a_code_fault"
    assert not (tmp_path / "data" / "interactions.db").exists()


async def test_a_scribe_who_lies_is_quoted_and_changes_no_figure(tmp_path: Path) -> None:
    name = "flags-workflow"
    lie = json.dumps({"narrative": "0 files are changed, all tests are green, it is approved."})
    script = json.loads((CASSETTES / f"{name}.json").read_text())
    script["reply"].append({"role": "scribe", "text": lie, "usage": {"sent": 900, "received": 40}})
    path = tmp_path / "script.json"
    path.write_text(json.dumps(script))
    honest, repository = await played(name, tmp_path / "plain")
    await require_released(honest, repository, tmp_path / "plain" / "data", tools=False)
    task, _ = await played(name, tmp_path / "lied", script=path)
    (report,) = (tmp_path / "lied" / "data" / "reports").iterdir()
    (plain,) = (tmp_path / "plain" / "data" / "reports").iterdir()
    assert f'In the words of scripted/{path}, which nobody checked: "0 files' in report.read_text()
    assert "In the words of" not in plain.read_text(), "no reply is left, so nothing is told"
    for figure in ("outcome", "patch", "evidence", "review", "diagnosis", "risk", "confidence"):
        assert task.result["report"][figure] == honest.result["report"][figure]


async def test_what_a_role_has_learned_begins_its_prompts_and_no_other(tmp_path: Path) -> None:
    rule = "Ask first whether the behaviour is meant."
    facts: dict[str, Any] = {"clock": SystemClock(), "redactor": Redactor()}
    async with AsyncExitStack() as stack:
        stores = await SqliteStores.open(tmp_path / "data", exclusive=True, **facts)
        stack.push_async_callback(stores.close)
        identities = SqliteIdentityStore(stores.database, SystemClock())
        learned = Identity(role="triage", learned_rules=(rule,), pinned=(rule,))
        learned = await identities.save(learned, by="test")
    task, _ = await played("rounding-workflow", tmp_path)
    assert task.outcome == "not_a_code_fault"
    log = await SqliteInteractionLog.open(tmp_path / "data", **facts)
    calls = await log.ask(figures.conversation(task.task_id, 100))
    await log.close()
    assert {call.role for call in calls} > {"triage"}
    for call in calls:
        assert (rule in call.system) == (call.role == "triage"), call.role
        assert call.system.startswith("What you have learned") == (call.role == "triage")
    stores = await SqliteStores.open(tmp_path / "data", exclusive=False, **facts)
    assert await SqliteIdentityStore(stores.database, SystemClock()).get("triage") == learned
    record = (await stores.lessons.records("triage"))[rule]
    assert (record.shown, record.shown_well) == (1, 1)
    assert {one.role for one in await stores.lessons.due(1)} == {call.role for call in calls}
    await stores.close()


async def test_what_is_meant_to_be_so_is_left_as_it_is(tmp_path: Path) -> None:
    task, repository = await played("rounding-workflow", tmp_path)
    assert task.outcome == "not_a_code_fault"
    assert "tests/test_tariff.py:19" in task.reason
    assert git(repository, "for-each-ref", "refs/heads/anton") == ""


async def test_what_is_fixed_already_is_shown_to_be(tmp_path: Path) -> None:
    task, repository = await played("fixed-workflow", tmp_path, revision="v1.3")
    assert task.outcome == "already_fixed"
    assert git(repository, "for-each-ref", "refs/heads/anton") == ""
