"""The filter of system calls, as the kernel is given it."""

import struct

import pytest

from sandbox.seccomp import ABSENT, NUMBERS, REFUSED, UNACCOUNTED, program

INSTRUCTION = struct.Struct("HBBI")
RETURN, ALLOW, ERRNO = 0x06, 0x7FFF0000, 0x00050000


def instructions(data: bytes) -> list[tuple[int, int, int, int]]:
    assert len(data) % INSTRUCTION.size == 0
    return list(INSTRUCTION.iter_unpack(data))


@pytest.mark.parametrize("accounted", [True, False])
def test_it_is_a_program_that_allows_or_refuses(accounted: bool) -> None:
    filtered = instructions(program(accounted=accounted))
    answers = {value for code, _, _, value in filtered if code == RETURN}
    assert ALLOW in answers
    assert {answer & 0xFFFF for answer in answers if answer & 0xFFFF0000 == ERRNO} == {1, 38, 97}


def test_without_accounting_more_is_refused() -> None:
    assert program(accounted=False) != program(accounted=True)


def test_no_call_is_named_twice_and_numbers_are_for_named_ones() -> None:
    named = [*" ".join(REFUSED.values()).split(), *ABSENT, *UNACCOUNTED]
    assert len(named) == len(set(named))
    assert NUMBERS.keys() <= set(named)
