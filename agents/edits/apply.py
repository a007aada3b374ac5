"""Apply what a model sent to a tree: each edit exactly as it was meant, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.edits import anchors, checks, whole
from agents.edits.blocks import Block, blocks_of
from agents.edits.code import Code, code_of, last_part, qualified
from agents.edits.elisions import real_lines
from agents.edits.merging import Merge
from agents.edits.paths import no_such_file, resolved
from agents.edits.texts import Source, trimmed, with_old_blanks
from agents.edits.values import WHOLE_FILE_LINES, Applied, Refusal, Refused, Unit, Why
from core.models import Finish
from core.trees import REGULAR, File, Tree


def apply_reply(
    text: str,
    tree: Tree,
    *,
    offered: Sequence[Unit] = (),
    finish: Finish = "stop",
    new_files: bool = True,
) -> Applied:
    """Put the edits of a model's reply into a tree.

    `offered` is what the model was shown: it tells which of two namesakes is meant, and which file
    may be sent whole. A reply that was cut off (`finish` is `length`) changes nothing. Edits that
    have more than one reading, or none, come back as refusals; the others are applied.
    """
    if finish == "length":
        return Applied(None, refusals=(_cut_off(),))
    desk = _Desk(tree, offered, new_files)
    blocks = list(dict.fromkeys(blocks_of(text)))
    if not blocks:
        return Applied(None, refusals=(_no_edit(),))
    named = [block for block in blocks if block.path]
    for block in [*named, *(block for block in blocks if not block.path)]:
        desk.take(block, alone=not named)
    return desk.applied()


@dataclass
class _Desk:
    """The files as they are while the blocks of one reply are applied, one after another."""

    tree: Tree
    offered: Sequence[Unit]
    new_files: bool
    sources: dict[str, Source] = field(default_factory=dict)
    touched: dict[tuple[str, str], str] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, block: Block, *, alone: bool) -> None:
        """Apply one block, or note why not."""
        path = block.path
        try:
            if block.fault:
                raise Refused(Why.FORM, block.fault)
            if not block.is_search and not trimmed(block.body):
                raise Refused(Why.INCOMPLETE, "A fence is empty. Send the code within it.")
            if not path:
                path = self._home(block, alone=alone)
            if path:
                path, exists = resolved(path, self._present(), lambda real: self._fits(block, real))
                self._edit(block, path, exists=exists)
        except Refused as refused:
            self.refusals.append(Refusal(refused.why, path, refused.message))

    def applied(self) -> Applied:
        """All that came of the blocks."""
        texts: dict[str, str] = {}
        for path, source in self.sources.items():
            before = self.tree.text(path) if path in self.tree else None
            after = source.text if before is None else with_old_blanks(before, source.text)
            if after == before:
                continue
            try:
                checks.require_sound(path, before, after)
                texts[path] = after
            except Refused as refused:
                self.refusals.append(Refusal(refused.why, path, refused.message))
        if not texts and not self.refusals:
            self.refusals.append(_already())
        return Applied(
            self.tree.with_texts(texts) if texts else None,
            tuple(sorted(texts)),
            tuple(self.refusals),
            tuple(self.notes),
        )

    def _present(self) -> Tree:
        fresh = {path: File(b"", REGULAR) for path in self.sources if path not in self.tree}
        return self.tree.with_files(dict(fresh)) if fresh else self.tree

    def _source(self, path: str) -> Source:
        if path not in self.sources:
            try:
                return Source.of(self.tree[path].data.decode())
            except UnicodeDecodeError:
                raise Refused(
                    Why.PATH, f"`{path}` is no text in UTF-8; leave it as it is."
                ) from None
        return self.sources[path]

    def _edit(self, block: Block, path: str, *, exists: bool) -> None:
        if not exists:
            self._create(block, path)
        elif block.is_search:
            source, note = anchors.replaced(self._source(path), block.splits, path)
            self._keep(path, source, note)
        elif path.endswith(".py"):
            self._python(block, path)
        else:
            self._text(block, path)

    def _create(self, block: Block, path: str) -> None:
        body = block.body
        if block.is_search:
            search, body = block.splits[0]
            if trimmed(search):
                raise no_such_file(path, self.tree)
        if not self.new_files:
            raise Refused(Why.PATH, f"`{path}` does not exist, and no file may be added here.")
        if not block.closed:
            whole.require_end(body, (), path)
        code = code_of(body) if path.endswith(".py") else None
        if path.endswith(".py") and code is None:
            raise checks.syntax_refusal(path, "\n".join(body))
        self._keep(path, whole.new_file(body, path, code), f"{path} created")

    def _text(self, block: Block, path: str) -> None:
        source = self._source(path)
        if not self._may_be_whole(path, source):
            raise Refused(
                Why.INCOMPLETE,
                f"`{path}` cannot be sent as a whole file here. Send SEARCH/REPLACE blocks.",
            )
        if not block.closed:
            whole.require_end(block.body, source.bare, path)
        self._keep(path, whole.text_file(source, block.body, path))

    def _python(self, block: Block, path: str) -> None:
        source = self._source(path)
        old, new = code_of(source.bare), code_of(block.body, real_lines(source.bare))
        if new is None:
            raise checks.syntax_refusal(path, "\n".join(block.body))
        if old is None or not old.module.body:
            self._text(block, path)
            return
        merge = Merge(path, source, old, new, self._names(path), block.name, self._elsewhere(path))
        try:
            merged = merge.result()
        except Refused as refused:
            if refused.why is not Why.INCOMPLETE or not self._may_be_whole(path, source):
                raise
            self._require_closed(block, source.bare, path)
            self._keep(path, whole.python_file(source, old, new, path), "whole file taken")
            return
        if not block.closed:
            for name in merge.touched:
                whole.require_end(merge.touched[name].split("\n"), merge.replaced[name], path)
        for name, text in merge.touched.items():
            if self.touched.setdefault((path, name), text) != text:
                self.sources.pop(path, None)
                raise Refused(
                    Why.CONFLICT, f"`{name}` of `{path}` comes twice and differs. Send it once."
                )
        self.notes += merge.notes
        self._keep(path, merged)

    def _require_closed(self, block: Block, old: Sequence[str], path: str) -> None:
        if not block.closed:
            whole.require_end(block.body, old, path)

    def _keep(self, path: str, source: Source, note: str = "") -> None:
        self.sources[path] = source
        if note:
            self.notes.append(f"{path}: {note}")

    def _names(self, path: str) -> list[str]:
        return [unit.name for unit in self.offered if unit.path == path]

    def _elsewhere(self, path: str) -> dict[str, str]:
        return {last_part(u.name): u.path for u in self.offered if u.name and u.path != path}

    def _may_be_whole(self, path: str, source: Source) -> bool:
        shown = not self.offered or Unit(path) in self.offered
        return shown and len(source.lines) <= WHOLE_FILE_LINES

    def _fits(self, block: Block, path: str) -> bool:
        """Whether a block can only be about this file: it has the functions or the text."""
        if not (path in self.tree and self.tree[path].is_regular):
            return False
        source = Source.of(self.tree.text(path))
        if block.is_search:
            return anchors.fits(source, block.splits)
        new = code_of(block.body, real_lines(source.bare)) if path.endswith(".py") else None
        old = code_of(source.bare) if new else None
        return bool(new and old and _defined(new) & _defined(old))

    def _home(self, block: Block, *, alone: bool) -> str:
        """The file of a block that names none; empty for code that is only shown."""
        paths = dict.fromkeys([unit.path for unit in self.offered] if alone else self.sources)
        homes = [path for path in paths if self._fits(block, path)]
        if alone and len(homes) == 1:
            self.notes.append(f"{homes[0]}: path found by content")
            return homes[0]
        if alone or block.is_search or any(self._differs(block, path) for path in homes):
            raise Refused(
                Why.PATH,
                "An edit does not say which file it is for. "
                "Write `FILE: path` on the line above the fence.",
            )
        self.notes.append("code without a path left aside")
        return ""

    def _differs(self, block: Block, path: str) -> bool:
        """Whether code that only seems shown has a function unlike the file, before and now."""
        shown = code_of(block.body)
        old = Source.of(self.tree.text(path))
        texts = ["\n".join(line.strip() for line in one.bare) for one in (old, self._source(path))]
        return shown is not None and not any(
            "\n".join(line.strip() for line in trimmed(shown.lines)) in text for text in texts
        )


def _defined(code: Code) -> set[str]:
    """Names of all functions and classes, special methods aside, which every class may have."""
    names = {last_part(name) for name in qualified(code.module)}
    return {name for name in names if not name.startswith("__")}


def _no_edit() -> Refusal:
    return Refusal(
        Why.NO_EDIT,
        "",
        "There is no edit in your reply. Write `FILE: path`, and below it, in a fence, each "
        "function that changes, whole.",
    )


def _cut_off() -> Refusal:
    return Refusal(
        Why.CUT_OFF,
        "",
        "Your reply was cut off at its limit, so nothing was applied. Send less: only functions "
        "that change, without explanation.",
    )


def _already() -> Refusal:
    return Refusal(
        Why.ALREADY,
        "",
        "What you sent is what the files already say: do not resend it. Send what must change.",
    )
