"""Logs: one line a record, with its ids, and never a secret."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from observability import records
from observability.redaction import MASK, Redactor

SECRET = "canary-9-canary"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in records.LOUD_VENDORS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_line_with_the_ids_around_it(stream):
    records.set_up("INFO", "json", Redactor(), stream)
    with records.ids(task_id="t1", trace_id="x"), records.ids(agent="fix"):
        logging.getLogger("anton.part").info("two\nlines %s", 7)
    logging.getLogger("anton.part").debug("not asked for")
    logging.getLogger("anton.part").warning("outside", extra={"task_id": "t2"})
    first, second = lines(stream)
    assert first.pop("time").startswith("20")
    assert first == {
        "level": "INFO",
        "logger": "anton.part",
        "task_id": "t1",
        "incident_id": "",
        "trace_id": "x",
        "agent": "fix",
        "message": "two\nlines 7",
    }
    assert (second["task_id"], second["agent"]) == ("t2", "")


async def test_tasks_that_run_at_once_keep_their_ids_apart(stream):
    records.set_up("INFO", "json", Redactor(), stream)

    async def work(name: str) -> None:
        with records.ids(task_id=name):
            await asyncio.sleep(0)
            logging.info(name)

    await asyncio.gather(*(work(f"t{n}") for n in range(20)))
    assert [line["task_id"] == line["message"] for line in lines(stream)] == [True] * 20


def test_an_unknown_id_is_refused():
    with pytest.raises(TypeError), records.ids(taks_id="t"):
        pass


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_written_be_it_in_message_arguments_or_exception(stream, form):
    records.set_up("DEBUG", form, Redactor([SECRET]), stream)
    try:
        raise ValueError(f"bad key {SECRET}")
    except ValueError:
        logging.exception("%s in %r", SECRET, {"k": SECRET})
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count(MASK) >= 3
    assert "ValueError: bad key" in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_record_that_cannot_be_masked_is_withheld(stream, form, capsys):
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

    records.set_up("INFO", form, Redactor([SECRET]), stream)
    logging.info("%s", Odd())
    logging.getLogger().handle(
        logging.LogRecord("root", logging.INFO, __file__, 1, "%s %s", (SECRET,), None)
    )
    assert stream.getvalue().count("withheld") == 2
    assert SECRET not in stream.getvalue() + "".join(capsys.readouterr())


def test_the_http_library_does_not_log_addresses(stream):
    records.set_up("DEBUG", "json", Redactor(), stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://host/?token=abc")
    logging.getLogger("httpcore.connection").debug("connect")
    assert stream.getvalue() == ""


def test_text_is_for_people(stream):
    records.set_up("INFO", "text", Redactor(), stream)
    with records.ids(task_id="0123456789"):
        logging.info("done")
    assert stream.getvalue().split()[1:] == ["INFO", "01234567", "done"]
