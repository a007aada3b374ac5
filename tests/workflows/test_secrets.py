"""Secrets that got into what roles say and change stand in no document of the task."""

import json
from pathlib import Path

from core.findings import Candidate, Diagnosis, FixAttempt, PartialFix
from core.patches import Patch
from core.ports import Case
from core.tasks import Outcome
from evals.scripted import FAULTY, TEST, Script, ScriptedEngine
from tests.workflows.house import House, house

OURS = "canary-of-the-house-5f1d0c77ab"
THEIRS = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
SPOKEN = f"The log shows {OURS} and {THEIRS}, and `password = 'hunter2-hunter2'`."
SAID = Script(diagnosis=Diagnosis(root_cause=SPOKEN, confidence=0.9, approach=SPOKEN))
LEAKING = f"{FAULTY}KEY = '{OURS}'\nTOKEN = '{THEIRS}'\ntoken = following_token\n"


class Talkative(ScriptedEngine):
    """Finds nothing that holds, and says more than it should."""

    def __init__(self) -> None:
        super().__init__(SAID)

    async def fix(self, case: Case) -> FixAttempt:
        self.asked.append("fix")
        patch = Patch.between(case.base_sha, case.tree, case.tree.with_texts({"app.py": LEAKING}))
        return FixAttempt(
            candidates=(Candidate(patch=patch),),
            partial=PartialFix(patch=patch, mended=(), broken=(TEST,)),
            explanation=SPOKEN,
            root_cause=SPOKEN,
            engine=SPOKEN,
        )


def held(texts: dict[str, str]) -> list[str]:
    """Names of the texts with a secret in them."""
    return [name for name, text in texts.items() if OURS in text or THEIRS in text]


async def documents_of(here: House, tmp_path: Path) -> dict[str, str]:
    """All that was written for people about the one task, by name."""
    folders = (tmp_path / "data" / "reports", tmp_path / "output")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path.name: path.read_text() for path in files}


async def test_no_document_holds_a_secret(tmp_path: Path) -> None:
    async with house(tmp_path, api_key=OURS) as here:
        task = await here.submit(output_directory="mine", max_iterations=1)
        here.thinking.engines[task.task_id] = Talkative()
        task = await here.answer(await here.anton.drive(task.task_id), "stop")
        assert task.outcome is Outcome.FAILED
        texts = await documents_of(here, tmp_path)
        kept = [one for one in task.result["artifacts"] if one["name"].endswith((".md", "t.json"))]
        for one in kept:
            texts[f"artifact {one['name']}"] = (await here.anton.artifacts.get(one["ref"])).decode()
        texts["--json"] = json.dumps(task.result["report"])
    assert {"partial.diff", "report.json", "--json"} < texts.keys()
    assert any(name.startswith("incident_") for name in texts)
    assert held(texts) == []
    assert any("The log shows [secret] and [secret]" in text for text in texts.values())
    assert "hunter2" not in texts["report.json"]
    assert "+token = following_token" in texts["partial.diff"], "code stays what it is"
