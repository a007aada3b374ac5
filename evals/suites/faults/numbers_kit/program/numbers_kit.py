"""Elementary number theory for small whole numbers."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def gcd(a, b):
    """The greatest common divisor, never negative."""
    while b:
        a, b = b, a % b
    return abs(a)


def lcm(a, b):
    if a == 0 or b == 0:
        return 0
    return abs(a * b) // gcd(a, b)


def sieve(limit):
    """All primes up to and including `limit`."""
    composite = [False] * (limit + 1)
    primes = []
    for number in range(2, limit + 1):
        if composite[number]:
            continue
        primes.append(number)
        for multiple in range(number * number, limit + 1, number):
            composite[multiple] = True
    return primes


def factors(number):
    """The prime factors in rising order, each as often as it divides `number`."""
    if number < 1:
        raise ValueError("only positive numbers have prime factors")
    found = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    if number > 1:
        found.append(number)
    return found


def divisors(number):
    low = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    high = [number // d for d in reversed(low) if d * d != number]
    return low + high


def power(base, exponent, modulus):
    """`base` to the `exponent`, modulo `modulus`, by repeated squaring."""
    result = 1
    base %= modulus
    while exponent:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result % modulus


def to_base(number, base):
    """Digits of a whole number in base 2 to 36."""
    if not 2 <= base <= 36:
        raise ValueError(f"no base {base}")
    if number < 0:
        return "-" + to_base(-number, base)
    if number < base:
        return DIGITS[number]
    return to_base(number // base, base) + DIGITS[number % base]


def bits(number):
    """How many ones the binary form has."""
    ones = 0
    while number:
        number &= number - 1
        ones += 1
    return ones


def collatz(number):
    """The numbers from `number` down to 1, halving the even and tripling plus one the odd."""
    yield number
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        yield number


def perfect_numbers(limit):
    return [n for n in range(2, limit + 1) if sum(divisors(n)) - n == n]
