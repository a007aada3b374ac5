import math

import pytest

from numbers_kit import bits, collatz, divisors, factors, gcd, lcm, power, sieve, to_base


def test_gcd_agrees_with_the_library():
    for a in range(-12, 30):
        for b in range(-12, 30):
            assert gcd(a, b) == math.gcd(a, b)


def test_lcm_agrees_with_the_library():
    assert all(lcm(a, b) == math.lcm(a, b) for a in range(-6, 20) for b in range(20))


def test_sieve_counts():
    assert [len(sieve(limit)) for limit in (1, 2, 10, 100, 1000)] == [0, 1, 4, 25, 168]


def test_sieve_knows_no_squares():
    assert not {4, 9, 25, 49, 121} & set(sieve(130))


def test_factors_multiply_to_the_number():
    for number in range(1, 200):
        assert math.prod(factors(number)) == number


def test_factors_are_primes():
    primes = set(sieve(200))
    assert all(primes.issuperset(factors(number)) for number in range(1, 201))


def test_factors_of_a_negative_number():
    with pytest.raises(ValueError):
        factors(-4)


def test_divisors_come_in_order():
    assert divisors(36) == [1, 2, 3, 4, 6, 9, 12, 18, 36]
    assert divisors(1) == [1]
    assert divisors(29) == [1, 29]


def test_power_agrees_with_the_library():
    for base in range(6):
        assert [power(base, e, 11) for e in range(20)] == [pow(base, e, 11) for e in range(20)]
    assert power(5, 0, 1) == 0


@pytest.mark.parametrize("base", [2, 3, 10, 16, 36])
def test_to_base_can_be_read_back(base):
    for number in (-1000, -1, 0, 1, base - 1, base, base + 1, 99999):
        assert int(to_base(number, base), base) == number


@pytest.mark.parametrize("base", [1, 37])
def test_to_base_refuses(base):
    with pytest.raises(ValueError):
        to_base(5, base)


def test_bits_agree_with_the_library():
    assert all(bits(n) == n.bit_count() for n in range(300))


def test_collatz_ends_in_one():
    assert list(collatz(1)) == [1]
    assert len(list(collatz(27))) == 112
