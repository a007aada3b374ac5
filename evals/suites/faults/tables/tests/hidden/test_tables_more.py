import pytest

from tables.compute import group, join, mean, order, running, summarize, total, where
from tables.printer import cell, table
from tables.reader import MalformedRow, convert, read, split_fields

TEAM = """name ; age;score
"Ng; A.";41;2.5
Bo;;4
Cy;33;

Di;29;1.5
"""


def team():
    return read(TEAM, ";")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("", [""]),
        (",", ["", ""]),
        ('""', [""]),
        ('"a""b"', ['a"b']),
        ('x,"1,2",y', ["x", "1,2", "y"]),
        ('""""', ['"']),
    ],
)
def test_fields_of_odd_lines(line, fields):
    assert split_fields(line) == fields


@pytest.mark.parametrize(
    ("text", "value"), [("-3", -3), ("1e3", 1000.0), ("  ", None), (" a b ", "a b"), ("1.2.3", "1.2.3")]
)
def test_convert_odd_texts(text, value):
    assert convert(text) == value
    assert type(convert(text)) is type(value)


def test_names_are_stripped_and_quotes_understood():
    assert team()[0] == {"name": "Ng; A.", "age": 41, "score": 2.5}


def test_nothing_to_read():
    assert read("") == []
    assert read("a,b\n") == []


def test_short_row_counts_empty_lines():
    with pytest.raises(MalformedRow, match="row 5: 2 fields expected, 1 found"):
        read("a,b\n\n1,2\n\n3\n")


def test_where_without_conditions_is_everything():
    assert len(where(team())) == 4
    assert [r["age"] for r in where(team(), name="Cy", score=None)] == [33]


def test_where_an_unknown_column():
    assert where(team(), shoe=44) == []


def test_mean_leaves_out_what_is_missing():
    assert mean(team(), "age") == pytest.approx(34.333, abs=0.001)
    assert mean(team(), "score") == pytest.approx(2.667, abs=0.001)
    assert total(team(), "score") == 8


def test_group_keeps_the_order():
    rows = [{"k": n % 3, "n": n} for n in range(7)]
    assert [r["n"] for r in group(rows, "k")[0]] == [0, 3, 6]
    assert list(group(rows, "k")) == [0, 1, 2]


def test_summary_by_falling_total():
    rows = [{"k": k, "v": v} for k, v in [("a", 1), ("b", 5), ("c", None), ("a", 2), ("b", None)]]
    assert summarize(rows, "k", "v") == [
        {"k": "b", "count": 2, "total": 5, "mean": 5},
        {"k": "a", "count": 2, "total": 3, "mean": 1.5},
        {"k": "c", "count": 1, "total": 0, "mean": None},
    ]


def test_order_of_text():
    assert [r["name"] for r in order(team(), "name", descending=True)] == ["Ng; A.", "Di", "Cy", "Bo"]
    assert [r["name"] for r in order(team(), "age")] == ["Di", "Cy", "Ng; A.", "Bo"]


def test_running_total_over_gaps():
    assert list(running(team(), "age")) == [41, 41, 74, 103]


def test_join_keeps_left_values_and_first_matches():
    people = [{"id": n, "team": t} for n, t in [(1, "x"), (2, "y"), (3, "z")]]
    teams = [{"team": "y", "id": 70}, {"team": "x", "lead": "Bo"}, {"team": "x", "lead": "Cy"}]
    assert join(people, teams, "team") == [
        {"id": 1, "team": "x", "lead": "Bo"},
        {"id": 2, "team": "y"},
        {"id": 3, "team": "z"},
    ]


def test_cells():
    assert [cell(v) for v in (None, 2.0, 3, "x")] == ["-", "2.00", "3", "x"]
    assert cell(2.345, decimals=1) == "2.3"


def test_table_of_chosen_columns():
    assert table(team(), ["score", "name"], decimals=1).splitlines() == [
        "score  name",
        "-----  ------",
        "  2.5  Ng; A.",
        "    4  Bo",
        "    -  Cy",
        "  1.5  Di",
    ]
    assert table([]) == ""
