"""The test engineer: a regression test from the report alone, run on the base before it counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.answers import NOTHING_SAID, reply_of
from agents.edits.apply import apply_reply
from agents.grounding import Claim, checked
from agents.offline import reproduction as by_rules
from agents.offline.attempts import is_of_its_own, new_test_path
from agents.offline.script_tests import test_files
from agents.offline.wanted import GIVEN
from agents.prompting import render
from agents.role import Role, words_of
from agents.roles.fix import barred_in
from agents.views import (
    as_code,
    code_of,
    filled,
    is_all,
    names_of,
    passages_of,
    places_of,
    tests_of,
    users_in_words,
    uses_beside,
    wanted_of,
)
from core.errors import NoAnswer, TimeUp
from core.evidence import CaseOutcome, Proof, TestRun
from core.findings import Reading, Reproduction
from core.models import Message, Reply
from core.patches import FileChange
from core.ports import Case, Model
from core.trees import Tree
from repair.bench import Bench
from repair.holding import is_code, is_test_path
from repair.mentions import DOCUMENTS, LEFT_OUT
from repair.shapes import types_beside
from repair.traces import last_exception
from repair.units import Excerpt, shown
from repair.validate import with_files
from sandbox.detection import detect
from sandbox.node_detection import is_script
from tools.outline import outline
from tools.toolbox import Refused, unheard

QA = Role("qa", node="reproduce", max_tokens=3000)
CORRECTIONS = 1
OUTLINE_TOKENS = 1500
CODE_MAX_CHARS = 6000
TYPES_MAX_CHARS = 1500
EXAMPLE_MAX_CHARS = 3000
RED_ANYWAY = "The tests fail without the new one too, and nothing but their exit code is known."
CONTRADICTED = "CONTRADICTED:"
WRITTEN = "test written by {} from the report"


@dataclass(frozen=True)
class Tried:
    """A test that was written, and what it said on the base."""

    by: str
    """Who wrote it."""
    files: tuple[FileChange, ...]
    run: TestRun | None
    reading: Reading
    said: str = ""

    @property
    def hopeless(self) -> bool:
        """Whether the tests cannot be run here at all, which no other test would mend."""
        path = self.files[0].path if self.files else ""
        return self.run is not None and not self.run.collected and path not in self.run.output


async def reproduce(
    case: Case,
    bench: Bench,
    model: Model,
    found: Reproduction | None = None,
    *,
    refused: Refused = unheard,
) -> Reproduction:
    """What can be run as it is, else a test that the model writes; no other file is taken.

    A test that is given, an executable example or a failing test of the repository is worth more
    than one that is written; only where none of them speaks is the model asked, and for what people
    said of tests since, which goes beside what shows the fault. A test that is under way when the
    role's time is up, or no answers come any more, says nothing. `found` is what came of that which
    can be run, where it is known.
    """
    found = found or await by_rules.reproduce(case, bench)
    beside = found.reading is Reading.REPRODUCED and case.words and GIVEN not in found.origin
    if not beside and found.reading not in (Reading.NOTHING_TO_RUN, Reading.OTHER_ERROR):
        return found
    if not any(map(is_code, case.tree)):
        return found
    try:
        written = await _write(case, bench, model, refused, beside=found.files if beside else ())
    except (NoAnswer, TimeUp) as error:
        return found.but(note=f"{found.note} {error.message}".strip())
    return _beside(found, written) if beside else written or found


def _beside(found: Reproduction, written: Reproduction | None) -> Reproduction:
    """Both tests as one reproduction; one that shows nothing on the base adds nothing."""
    if written is None or written.reading is not Reading.REPRODUCED:
        return found
    return found.but(
        origin=f"{found.origin}, {written.origin}",
        tests=(*found.tests, *written.tests),
        files=(*found.files, *written.files),
        run=None,
    )


async def _write(
    case: Case,
    bench: Bench,
    model: Model,
    refused: Refused,
    beside: Sequence[FileChange] = (),
) -> Reproduction | None:
    """The test after at most one correction; None when none could be run."""
    path, _ = new_test_path(case, with_files(case.tree, beside))
    messages = [*render("qa", **_facts(case, path))]
    last: Tried | None = None
    for left in range(CORRECTIONS, -1, -1):
        answer = await reply_of(model, QA.call(case, messages), _has_file)
        model, reply = answer.model, answer.reply
        if contradicted := _contradicted(reply, case):
            return contradicted
        tried = await _try(case, bench, path, reply, refused)
        if tried.reading is Reading.PASSES and case.reported is not None:
            tried = await _on_the_reported(tried, case.reported, bench, path)
        if tried.reading in (Reading.REPRODUCED, Reading.FIXED_SINCE) or tried.hopeless:
            return _reproduction(tried)
        last = tried if tried.run else last
        if left:
            messages += [
                Message(author="assistant", text=reply.text or NOTHING_SAID),
                *_again(tried, path, earlier=case.reported is not None),
            ]
    return _reproduction(last) if last else None


def _has_file(reply: Reply) -> bool:
    """Whether a reply holds a whole file, or says why there is none."""
    text = reply.text.strip()
    return reply.finish == "stop" and ("FILE:" in text or text.startswith(CONTRADICTED))


async def _on_the_reported(tried: Tried, reported: Tree, bench: Bench, path: str) -> Tried:
    """A test that passes on the base, run where the fault was seen: red there, it is mended."""
    run = await bench.run(with_files(reported, tried.files), [path])
    return replace(tried, run=run, reading=Reading.FIXED_SINCE) if run.failed else tried


def _contradicted(reply: Reply, case: Case) -> Reproduction | None:
    """What an answer comes to that quotes what demands the opposite; the quote is real."""
    said = reply.text.strip()
    if not said.startswith(CONTRADICTED):
        return None
    quote = said.removeprefix(CONTRADICTED).strip().strip("`")
    for path in case.tree:
        if is_test_path(path) or path.endswith(DOCUMENTS):
            found = checked(Claim(path, quote=quote), case.tree)
            if quote and not found.refusal:
                place = f"{found.path}:{found.line}"
                note = f"The repository itself demands the opposite, {place}: {found.quote}"
                return Reproduction(
                    reading=Reading.OTHER_ERROR, origin=place, contradicted=note, note=note
                )
    return None


async def _try(case: Case, bench: Bench, path: str, reply: Reply, refused: Refused) -> Tried:
    """Take the test file out of a reply and run it on the base."""
    applied = apply_reply(reply.text, case.tree, finish=reply.finish)
    others = [other for other in applied.changed if other != path]
    for one in barred_in(applied, QA, reply.text, beyond=others):
        await refused(one)
    if applied.tree is None or path not in applied.tree:
        said = applied.advice or f"The answer has no file {path}."
        return Tried(reply.model, (), None, Reading.OTHER_ERROR, said)
    files = (FileChange.of(path, applied.tree[path]),)
    run = await bench.run(with_files(case.tree, files), [path])
    if run.proof is Proof.EXIT_CODE and run.failed and (await bench.run(case.tree)).failed:
        return Tried(reply.model, files, run, Reading.OTHER_ERROR, RED_ANYWAY)
    return Tried(reply.model, files, run, _reading(run, case))


def _reading(run: TestRun, case: Case) -> Reading:
    """Whether the test shows the fault: it must fail by itself, not for want of something."""
    red = [one for one in run.cases if one.outcome.red]
    if not run.collected or any(one.outcome is CaseOutcome.ERROR for one in red):
        return Reading.OTHER_ERROR
    if not red:
        return Reading.PASSES
    stated = last_exception(case.report)
    if all(is_of_its_own(one, stated) for one in red):
        return Reading.OTHER_ERROR
    return Reading.REPRODUCED


def _reproduction(tried: Tried) -> Reproduction:
    return Reproduction(
        reading=tried.reading,
        origin=WRITTEN.format(tried.by),
        written=True,
        tests=tried.run.failed if tried.run and tried.run.failed else (),
        files=tried.files if tried.reading is Reading.REPRODUCED else (),
        run=tried.run,
        help_wanted=_help_wanted(tried),
    )


def _help_wanted(tried: Tried) -> str:
    if tried.reading is Reading.REPRODUCED:
        return ""
    if tried.hopeless and tried.run:
        lines = [line.strip() for line in tried.run.output.split("\n") if line.strip()]
        return f"No test can be run here: {lines[-1][:300] if lines else tried.run.end}."
    return by_rules.HELP


def _again(tried: Tried, path: str, *, earlier: bool) -> Sequence[Message]:
    """What the model is told of its first test; `earlier`: another state was reported."""
    output = tried.said or (tried.run.output if tried.run else "")
    if tried.run is None:
        happened = "Your answer could not be taken as a test, and nothing was run."
        next_ = "Give the file in the form asked for."
    elif tried.reading is Reading.PASSES:
        where = "the state that is reported as well" if earlier else "the faulty code"
        happened = f"The test passes on {where}, so it does not show what is reported."
        next_ = (
            "Read the report again and test exactly what it tells of. If the report must be wrong "
            "about this code, give the same test again."
        )
    else:
        happened = "The test does not run, or fails for another reason than the reported one."
        where = " on the state that is reported" if earlier else ""
        next_ = f"Mend the test so that it fails{where} for the reported reason alone."
    return render("qa-again", path=path, what_happened=happened, text=output, what_next=next_)


def _facts(case: Case, path: str) -> dict[str, object]:
    found = code_of(case, places_of(case, ()), CODE_MAX_CHARS)
    names = names_of(case, found)
    code = filled(case.tree, found)
    complete = is_all(case.tree, code)
    uses = uses_beside(case, code)
    around = (*code, *as_code(uses))
    tests = tests_of(case, names, around)
    return {
        "report": words_of(case),
        "earlier": case.reported is not None,
        "criteria": wanted_of(case),
        "outline": "" if complete else _outline(case.tree, code),
        "complete": complete,
        "code": shown(code),
        "types": types_beside(case.tree, around, max_chars=TYPES_MAX_CHARS),
        "users": users_in_words(uses),
        "tests": tests,
        "passages": passages_of(case, names),
        "example": _example(case.tree, path, code)
        if not tests or tests.startswith(LEFT_OUT)
        else "",
        "guidance": "\n".join(case.findings),
        "path": path,
        "script": is_script(path),
        "runner": detect(case.tree, [path]).name,
        "corrections": CORRECTIONS,
    }


def _outline(tree: Tree, code: Sequence[Excerpt]) -> str:
    """All names of the files in question; where none is known, the best known of all files."""
    shown = {one.path for one in code} or {path for path in tree if not is_test_path(path)}
    return outline(Tree({path: tree[path] for path in shown}), OUTLINE_TOKENS)


def _example(tree: Tree, path: str, code: Sequence[Excerpt]) -> str:
    """A test file, for its style: one that imports what is shown, else one of the same folder."""
    modules = {one.path.rpartition("/")[2].partition(".")[0] for one in code}
    folder = path.rpartition("/")[0]
    if is_script(path):
        files = test_files(tree)
    else:
        files = [
            p for p in tree if is_test_path(p) and p.endswith(".py") and "def test" in tree.text(p)
        ]
    files.sort(
        key=lambda p: (
            not any(re.search(rf"import.*\b{m}\b|\b{m}\b.*import", tree.text(p)) for m in modules),
            p.rpartition("/")[0] != folder,
            len(tree[p].data),
        )
    )
    text = tree.text(files[0]) if files else ""
    return text if len(text) <= EXAMPLE_MAX_CHARS else text[:EXAMPLE_MAX_CHARS].rpartition("\n")[0]
