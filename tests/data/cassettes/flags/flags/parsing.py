"""Read `name = value` lines."""


def parse(text):
    """Settings by name; comments and blank lines are left out."""
    found = {}
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        name, _, value = line.partition("=")
        found[name.strip()] = value.strip()
    return found
