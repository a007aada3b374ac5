"""Stack traces and logs lead to the files of the repository, or nowhere."""

from repair.traces import Frame, frames_of, last_exception, located

PYTHON = """\
Traceback (most recent call last):
  File "/srv/app/shop/orders.py", line 12, in submit
    return price(order)
  File "C:\\app\\shop\\prices.py", line 7, in price
    return order["total"]
KeyError: 'total'
"""
PYTEST = """\
    def test_total():
>       assert total([]) == 0

tests/test_shop.py:4:
shop/prices.py:9: in total
shop/prices.py:11: ZeroDivisionError
"""


def test_the_frames_of_a_traceback_are_read_in_order() -> None:
    assert frames_of(PYTHON) == [
        Frame("/srv/app/shop/orders.py", 12, "submit"),
        Frame("C:/app/shop/prices.py", 7, "price"),
    ]


def test_the_frames_of_pytest_are_read_too() -> None:
    assert frames_of(PYTEST)[-2:] == [
        Frame("shop/prices.py", 9, "total"),
        Frame("shop/prices.py", 11, ""),
    ]


def test_frames_behind_the_prefix_of_a_log_or_group_are_read() -> None:
    text = '  | File "a/b.py", line 3, in f\n  |   x()\n'
    assert frames_of(text) == [Frame("a/b.py", 3, "f")]


def test_a_text_without_traces_has_no_frames() -> None:
    assert frames_of('It says "File not found" at line 3, see prices.py.') == []


def test_the_last_exception_counts() -> None:
    text = PYTHON + "\nDuring handling of the above:\n\nshop.errors.OrderError: no price\n"
    assert last_exception(PYTHON) == "KeyError"
    assert last_exception(text) == "OrderError"
    assert last_exception("All is well.") == ""


def test_frames_of_another_machine_are_found_by_the_end_of_their_path() -> None:
    paths = ["shop/prices.py", "archive/prices.py", "shop/orders.py"]
    assert list(located(frames_of(PYTHON), paths)) == [
        Frame("shop/orders.py", 12, "submit"),
        Frame("shop/prices.py", 7, "price"),
    ]


def test_a_frame_that_fits_two_files_equally_well_fits_none() -> None:
    assert list(located([Frame("/srv/prices.py", 7)], ["a/prices.py", "b/prices.py"])) == []


def test_frames_of_libraries_are_left_out() -> None:
    assert list(located([Frame("/usr/lib/python3/json/decoder.py", 3)], ["shop/orders.py"])) == []
