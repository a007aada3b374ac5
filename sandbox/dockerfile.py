"""What a Dockerfile takes from elsewhere: the engine fetches that itself, walls or none."""

import re
from collections.abc import Iterator

_FROM = re.compile(r"FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_COPY_FROM = re.compile(r"--from=(\S+)", re.IGNORECASE)
_OWNERS = re.compile(r"--(chown|chmod)=\S+", re.IGNORECASE)


def bases(dockerfile: str) -> Iterator[str]:
    """The images that it begins with or copies from; raises ValueError for what it may not do."""
    if re.search(r"^[^\S\n]*#\s*(syntax|escape)\s*=", dockerfile, re.IGNORECASE | re.MULTILINE):
        raise ValueError("asks for another builder, or for another escape")
    stages: set[str] = set()
    for number, (word, rest) in enumerate(_instructions(dockerfile)):
        if word == "FROM" and (found := _FROM.match(f"FROM {rest}")):
            yield from _image(found[1], {*stages, "scratch"})
            stages |= {(found[2] or "").lower(), str(number)}
        elif word == "COPY" and (source := _COPY_FROM.search(rest)):
            if not source[1].isdigit():
                yield from _image(source[1], stages)
        elif word == "ADD" and re.search(r"[:$\\]", _OWNERS.sub("", rest)):
            raise ValueError("adds what may lie elsewhere than in the repository")
        elif word == "RUN" and rest.startswith("--"):
            raise ValueError(f"asks for {rest.split()[0][:40]}, which this builder does not have")


def labelled(dockerfile: str, name: str, value: str) -> str:
    """The same, with a label on each stage from its beginning, and so on what builds it."""
    lines: list[str] = []
    begun = ""
    for line in dockerfile.splitlines():
        lines.append(line)
        if re.match(r"\s*(#|$)", line):
            continue
        begun = begun or line.strip().partition(" ")[0].upper()
        if not re.search(r"\\[ \t]*$", line):
            lines += [f"LABEL {name}={value}"] if begun == "FROM" else []
            begun = ""
    return "\n".join([*lines, ""])


def _image(name: str, known: set[str]) -> Iterator[str]:
    if "$" in name:
        raise ValueError(f"takes from the variable {name[:40]}")
    if name.lower() not in known:
        yield name


def _instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction with what it is told, those of ONBUILD too; comments and breaks are gone."""
    lines = [line for line in dockerfile.splitlines() if not re.match(r"\s*(#|$)", line)]
    for line in re.sub(r"\\[ \t]*\n", " ", "\n".join(lines)).split("\n"):
        word, _, rest = " ".join(line.split()).partition(" ")
        while word.upper() == "ONBUILD":
            word, _, rest = rest.partition(" ")
        yield word.upper(), rest
