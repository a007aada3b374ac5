"""Rows to text."""


def cell(value, decimals=2):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{decimals}f}"
    return str(value)


def table(rows, columns=None, decimals=2):
    """Aligned columns under their names: numbers to the right, texts to the left."""
    if not rows:
        return ""
    columns = columns or list(rows[0])
    texts = [[cell(row.get(name), decimals) for name in columns] for row in rows]
    widths = [
        max(len(name), *(len(line[at]) for line in texts)) for at, name in enumerate(columns)
    ]
    numeric = [all(isinstance(row.get(name), (int, float, type(None))) for row in rows) for name in columns]

    def align(line):
        cells = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric)
        )
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([align(columns), rule, *(align(line) for line in texts)])
