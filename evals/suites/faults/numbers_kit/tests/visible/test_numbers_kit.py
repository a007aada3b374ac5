import pytest

from numbers_kit import (
    bits,
    collatz,
    divisors,
    factors,
    gcd,
    lcm,
    perfect_numbers,
    power,
    sieve,
    to_base,
)


def test_gcd():
    assert gcd(12, 18) == 6
    assert gcd(17, 5) == 1
    assert gcd(0, 9) == 9


def test_gcd_is_never_negative():
    assert gcd(-12, 18) == 6
    assert gcd(12, -18) == 6


def test_lcm():
    assert lcm(4, 6) == 12
    assert lcm(0, 6) == 0


def test_sieve_includes_the_limit():
    assert sieve(13) == [2, 3, 5, 7, 11, 13]


def test_sieve_of_thirty():
    assert sieve(30) == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


def test_factors():
    assert factors(360) == [2, 2, 2, 3, 3, 5]
    assert factors(97) == [97]
    assert factors(1) == []


def test_factors_of_squares():
    assert factors(49) == [7, 7]


def test_factors_of_zero():
    with pytest.raises(ValueError):
        factors(0)


def test_divisors():
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(16) == [1, 2, 4, 8, 16]


def test_power():
    assert power(3, 13, 1000) == 323
    assert power(7, 0, 13) == 1


def test_to_base():
    assert to_base(10, 2) == "1010"
    assert to_base(255, 16) == "ff"
    assert to_base(-8, 8) == "-10"


def test_bits():
    assert [bits(n) for n in (0, 1, 7, 8, 255)] == [0, 1, 3, 1, 8]


def test_collatz():
    assert list(collatz(6)) == [6, 3, 10, 5, 16, 8, 4, 2, 1]


def test_perfect_numbers():
    assert perfect_numbers(500) == [6, 28, 496]
