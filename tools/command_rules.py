"""Which commands are known to be harmless, and which to harm, by name and arguments."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from sandbox.workspace import WORKSPACE
from tools.shell_words import Word

Words = Sequence[Word]

DOWNLOADERS = frozenset("curl wget fetch aria2c lynx".split())
INTERPRETERS = frozenset(
    "sh bash dash zsh ksh fish python python2 python3 perl ruby node php".split()
)
_WRAPPERS = frozenset(
    "env nice nohup time timeout command exec builtin stdbuf setsid ionice xargs busybox coproc "
    "watch find".split()
)
"""Commands that run another, which stands somewhere among their arguments."""
_ALWAYS = {
    **dict.fromkeys("sudo su doas pkexec run0".split(), "it asks for another user's rights"),
    **dict.fromkeys("shutdown reboot halt poweroff telinit".split(), "it stops the machine"),
    **dict.fromkeys(
        "dd mkswap fdisk sfdisk parted wipefs shred blkdiscard".split(),
        "it writes to disks as such",
    ),
}
_DEVICES = re.compile(r"/dev/(?!(null|zero|full|tty|stdin|stdout|stderr|fd/\d+)$)")
_WRITERS = frozenset("tee cp mv install ln truncate rsync cat".split())

# --- dangerous --------------------------------------------------------------------------------


def name_of(words: Words) -> str:
    """The name of the program, without its folder; empty when only a run could tell."""
    return words[0].text.rpartition("/")[2] if words and words[0].known else ""


def danger(words: Words) -> str:
    """Why this command is dangerous; empty when it is not known to be."""
    name = name_of(words)
    if why := _ALWAYS.get(name, ""):
        return why
    if name.startswith("mkfs"):
        return "it formats a disk"
    if name in _RULES and (why := _RULES[name](words[1:])):
        return why
    if name in _WRITERS and any(_DEVICES.match(_normal(word.text)) for word in words[1:]):
        return "it writes to a device"
    if name in _WRAPPERS:
        found = (danger(words[place:]) for place in range(1, len(words)))
        return next((why for why in found if why), "")
    return ""


def written_to(word: Word) -> Literal["safe", "unknown", "outside", "dangerous"]:
    """What writing to this path is."""
    path = _normal(word.text)
    if path == "/dev/null" or re.fullmatch(r"/dev/(stdout|stderr|tty)", path):
        return "safe"
    if _DEVICES.match(path):
        return "dangerous"
    if not word.quoted and path.startswith("~"):
        return "outside"
    inside = not path.startswith(("/", "..")) or path.startswith((f"{WORKSPACE}/", "/tmp/"))  # noqa: S108
    return "unknown" if inside else "outside"


def _removes(words: Words) -> str:
    options = [word for word in words if not word.known or word.text.startswith("-")]
    recursive = any(
        not option.known
        or re.match(r"-[a-zA-Z]*[rR]", option.text)
        or _abbreviates(option.text, "--recursive")
        for option in options
    )
    if any(_abbreviates(option.text, "--no-preserve-root") for option in options):
        return "it deletes the root folder"
    if recursive and any(_is_vital(word) for word in words):
        return "it deletes the root folder, a home, or what lies outside the workspace"
    return ""


def _is_vital(word: Word) -> bool:
    """Whether a path is the root, a folder right below it, or a home, or all that is in one."""
    text = word.text
    if not word.known and not text.startswith(("/", "~", "..")):
        return False
    if text.startswith("~"):
        return not word.quoted and re.fullmatch(r"~[\w.-]*(/*|/+[.*?]+/*)", text) is not None
    path = _normal(text)
    if path.startswith(".."):
        return True
    if not path.startswith("/"):
        return False
    parts = [part for part in path.split("/") if part]
    room = 2 if parts[:1] in (["home"], ["Users"], ["root"]) else 1
    return len(parts) <= room and path != "/tmp"  # noqa: S108


def _normal(path: str) -> str:
    normal = posixpath.normpath(path) if path else ""
    return "/" + normal.lstrip("/") if normal.startswith("/") else normal


def _abbreviates(option: str, full: str) -> bool:
    name = option.partition("=")[0]
    return len(name) > 3 and name.startswith("--") and full.startswith(name)


def _opens_to_all(words: Words) -> str:
    for word in words:
        if re.fullmatch(r"[0-7]?777|(a|ugo|)[+=](rwx|rwX)", word.text):
            return "it lets everybody write"
    return ""


def _listens(words: Words) -> str:
    flags = (re.match(r"-[a-zA-Z]*l", word.text) or word.text == "--listen" for word in words)
    return "it listens on the network" if any(flags) else ""


def _relays(words: Words) -> str:
    heard = any("listen" in word.text.lower() for word in words)
    return "it listens on the network" if heard else ""


def _forces_push(words: Words) -> str:
    texts = [word.text for word in words]
    if "push" not in texts:
        return ""
    for text in texts[texts.index("push") + 1 :]:
        forced = re.match(r"-[a-zA-Z]*f|\+", text) or _abbreviates(text, "--mirror")
        if forced or text.startswith("--forc") or _abbreviates(text, "--force-with-lease"):
            return "it overwrites what others pushed"
    return ""


def _stops_machine(words: Words) -> str:
    verbs = {"poweroff", "reboot", "halt", "kexec", "suspend", "0", "6"}
    return "it stops the machine" if verbs & {word.text for word in words} else ""


def _deletes_found(words: Words) -> str:
    texts = {word.text for word in words}
    if any(_is_vital(word) for word in words) and texts & {"-delete", "rm"}:
        return "it deletes the root folder or a home"
    return ""


_RULES: dict[str, Callable[[Words], str]] = {
    "rm": _removes,
    "chmod": _opens_to_all,
    "nc": _listens,
    "ncat": _listens,
    "netcat": _listens,
    "socat": _relays,
    "git": _forces_push,
    "systemctl": _stops_machine,
    "init": _stops_machine,
    "find": _deletes_found,
}

# --- harmless ---------------------------------------------------------------------------------

_PLAIN = frozenset(
    "ls cat head tail wc grep egrep fgrep cut tr cmp comm diff echo printf pwd true false cd test "
    "basename dirname realpath readlink stat du df which type whoami id uname nl tac rev fold "
    "column seq md5sum sha1sum sha256sum jq".split()
)
"""Commands that only look, whatever their arguments."""
_UNSAFE_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "sort": ("-o", "-T", "--output", "--compress-program", "--temporary-directory"),
    "rg": ("--pre", "--hostname-bin"),
    "tree": ("-o", "--output"),
    "file": ("-C", "--compile"),
    "find": (
        *("-exec", "-execdir", "-ok", "-okdir", "-delete"),
        *("-fprint", "-fprint0", "-fprintf", "-fls"),
    ),
}
"""Commands that only look but for these options."""
_GIT_LOOKS = frozenset(
    "status diff log show blame rev-parse ls-files ls-tree describe shortlog grep".split()
)
_GIT_UNSAFE = ("-O", "--output", "--ext-diff", "--textconv", "--open-files-in-pager")
_GIT_LISTS = frozenset("-a -r -v -vv --all --list --show-current --remotes".split())


def is_harmless(words: Words) -> bool:
    """Whether this command is known to change nothing."""
    name = name_of(words)
    folder = words[0].text.rpartition("/")[0] if words else ""
    if not name or folder not in ("", "/bin", "/usr/bin"):
        return False
    if name in _PLAIN:
        return True
    if not all(_is_fixed(word) for word in words):
        return False
    if name in _UNSAFE_OPTIONS:
        return not any(_is_option(word.text, _UNSAFE_OPTIONS[name]) for word in words[1:])
    if name == "uniq":
        return sum(not word.text.startswith("-") for word in words[1:]) <= 1
    return name == "git" and _git_looks(words[1:])


def _is_fixed(word: Word) -> bool:
    """Whether a word is what it seems, not names of files that could look like options."""
    return word.known and (word.quoted or not re.match(r"[*?\[{]", word.text))


def _is_option(text: str, unsafe: Sequence[str]) -> bool:
    name = text.partition("=")[0]
    for option in unsafe:
        if name == option or _abbreviates(text, option):
            return True
        if len(option) == 2 and re.match(rf"-[a-zA-Z]*{option[1]}", text):
            return True
    return False


def _git_looks(words: Words) -> bool:
    texts = [word.text for word in words]
    while texts and texts[0] in ("-C", "--no-pager", "-P"):
        del texts[: 2 if texts[0] == "-C" else 1]
    if not texts:
        return False
    if texts[0] == "branch":
        return set(texts[1:]) <= _GIT_LISTS
    return texts[0] in _GIT_LOOKS and not any(_is_option(t, _GIT_UNSAFE) for t in texts[1:])
