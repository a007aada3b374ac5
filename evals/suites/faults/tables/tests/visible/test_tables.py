import pytest

from tables.compute import group, join, mean, order, running, summarize, total, where
from tables.printer import table
from tables.reader import MalformedRow, convert, read, split_fields

SALES = """city,item,amount
Oslo,tea,3
Bergen,tea,10

Oslo,coffee,4.5
Bergen,juice,
"""


@pytest.fixture
def rows():
    return read(SALES)


def test_fields():
    assert split_fields("a,b,,c") == ["a", "b", "", "c"]


def test_quoted_fields():
    assert split_fields('1,"a,b","say ""hi, you"""') == ["1", "a,b", 'say "hi, you"']


def test_other_separator():
    assert split_fields("a,b;c", ";") == ["a,b", "c"]


def test_convert():
    assert [convert(t) for t in ("7", " 7.5 ", "", "x7")] == [7, 7.5, None, "x7"]


def test_read(rows):
    assert rows[0] == {"city": "Oslo", "item": "tea", "amount": 3}
    assert len(rows) == 4


def test_row_with_too_many_fields_is_named():
    with pytest.raises(MalformedRow) as caught:
        read("a,b\n1,2\n\n1,2,3\n")
    assert caught.value.number == 4


def test_where(rows):
    assert [r["item"] for r in where(rows, city="Oslo")] == ["tea", "coffee"]
    assert where(rows, city="Oslo", item="juice") == []


def test_total_and_mean(rows):
    assert total(rows, "amount") == 17.5
    assert mean(where(rows, city="Bergen"), "amount") == 10
    assert mean(where(rows, item="juice"), "amount") is None


def test_group(rows):
    assert {key: len(found) for key, found in group(rows, "item").items()} == {
        "tea": 2,
        "coffee": 1,
        "juice": 1,
    }


def test_summarize(rows):
    assert summarize(rows, "city", "amount") == [
        {"city": "Bergen", "count": 2, "total": 10, "mean": 10},
        {"city": "Oslo", "count": 2, "total": 7.5, "mean": 3.75},
    ]


def test_order_puts_the_unknown_last(rows):
    assert [r["amount"] for r in order(rows, "amount")] == [3, 4.5, 10, None]
    assert [r["amount"] for r in order(rows, "amount", descending=True)] == [10, 4.5, 3, None]


def test_running(rows):
    assert list(running(rows, "amount")) == [3, 13, 17.5, 17.5]


def test_join():
    left = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    right = [{"id": 1, "name": "x", "age": 30}, {"id": 1, "name": "y", "age": 99}]
    assert join(left, right, "id") == [{"id": 1, "name": "a", "age": 30}, {"id": 2, "name": "b"}]


def test_table_with_a_wide_cell():
    assert table([{"n": 1, "word": "mountain"}]).splitlines() == [
        "n  word",
        "-  --------",
        "1  mountain",
    ]


def test_table(rows):
    assert table(rows).splitlines() == [
        "city    item    amount",
        "------  ------  ------",
        "Oslo    tea          3",
        "Bergen  tea         10",
        "Oslo    coffee    4.50",
        "Bergen  juice        -",
    ]
