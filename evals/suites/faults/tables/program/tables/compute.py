"""Group, total and order rows."""

from collections import defaultdict


def where(rows, **wanted):
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def total(rows, column):
    return sum(row[column] or 0 for row in rows)


def mean(rows, column):
    """The mean of what is there; None where nothing is."""
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) / len(values) if values else None


def group(rows, column):
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(groups)


def summarize(rows, by, column):
    """One row per group with the number of rows, the total and the mean, by falling total."""
    summary = [
        {by: key, "count": len(group_rows), "total": total(group_rows, column), "mean": mean(group_rows, column)}
        for key, group_rows in group(rows, by).items()
    ]
    return sorted(summary, key=lambda row: row["total"], reverse=True)


def order(rows, column, descending=False):
    """Rows by a column; rows without a value come last either way."""
    known = [row for row in rows if row[column] is not None]
    unknown = [row for row in rows if row[column] is None]
    return sorted(known, key=lambda row: row[column], reverse=descending) + unknown


def running(rows, column):
    """Yield the total up to each row."""
    so_far = 0
    for row in rows:
        so_far += row[column] or 0
        yield so_far


def join(left, right, on):
    """Each row of `left` with the columns of the first row of `right` that agrees, if any."""
    index = {}
    for row in right:
        index.setdefault(row[on], row)
    return [{**index.get(row[on], {}), **row} for row in left]
