"""Delimited text to rows."""


class MalformedRow(ValueError):
    def __init__(self, number, expected, found):
        super().__init__(f"row {number}: {expected} fields expected, {found} found")
        self.number = number


def split_fields(line, separator=","):
    """Fields of a line; in quotes the separator is text, and two quotes are one."""
    fields = []
    current = []
    quoted = False
    at = 0
    while at < len(line):
        char = line[at]
        if quoted:
            if char == '"' and line[at + 1 : at + 2] == '"':
                current.append('"')
                at += 1
            elif char == '"':
                quoted = False
            else:
                current.append(char)
        elif char == '"':
            quoted = True
        elif char == separator:
            fields.append("".join(current))
            current = []
        else:
            current.append(char)
        at += 1
    fields.append("".join(current))
    return fields


def convert(text):
    """A whole number, a decimal, None for nothing, else the text itself."""
    stripped = text.strip()
    if not stripped:
        return None
    for kind in (int, float):
        try:
            return kind(stripped)
        except ValueError:
            continue
    return stripped


def read(text, separator=","):
    """Rows as dictionaries by the names in the first line; empty lines are skipped."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        return []
    header = [name.strip() for name in split_fields(lines[0][1], separator)]
    rows = []
    for number, line in lines[1:]:
        fields = split_fields(line, separator)
        if len(fields) != len(header):
            raise MalformedRow(number, len(header), len(fields))
        rows.append({name: convert(field) for name, field in zip(header, fields)})
    return rows
