"""What is kept of a stream, and how it is cut into lines."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.commands import HeadAndTail, Lines


@given(st.lists(st.binary(max_size=50)), st.integers(0, 60))
def test_head_and_tail_are_kept_and_the_rest_is_counted(parts: list[bytes], limit: int) -> None:
    stream = HeadAndTail(limit)
    for part in parts:
        stream.feed(part)
    whole = b"".join(parts)
    kept, dropped = stream.result()
    if len(whole) <= limit:
        assert (kept, dropped) == (whole, 0)
        return
    head, tail = limit - limit // 2, limit // 2
    assert dropped == len(whole) - limit
    assert kept.startswith(whole[:head])
    assert kept.endswith(whole[len(whole) - tail :])
    assert len(kept) == limit + len(b"\n[... %d bytes left out ...]\n" % dropped)


@given(st.lists(st.binary(max_size=30)))
def test_lines_come_out_however_they_came_in(parts: list[bytes]) -> None:
    lines = Lines()
    heard = []
    for part in parts:
        lines.feed(part)
        while (line := lines.next()) is not None:
            heard.append(line)
    lines.ended = True
    while (line := lines.next()) is not None:
        heard.append(line)
    whole = b"".join(parts)
    assert heard == (whole[:-1] if whole.endswith(b"\n") else whole).split(b"\n")[: len(heard)]
    assert b"\n".join(heard) == (whole[:-1] if whole.endswith(b"\n") else whole)


def test_an_unfinished_line_waits_for_its_end() -> None:
    lines = Lines()
    lines.feed(b"half")
    assert lines.next() is None
    lines.feed(b" done\nmore")
    assert lines.next() == b"half done"
    assert lines.next() is None
