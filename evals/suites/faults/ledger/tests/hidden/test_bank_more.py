from datetime import date

import pytest

from bank.account import Account, AccountClosed, BankError, InsufficientFunds
from bank.bank import Bank
from bank.statement import cents, statement

NEW_YEAR = date(2025, 1, 1)
SPRING = date(2025, 4, 1)
SUMMER = date(2025, 7, 1)


def account(*bookings, overdraft=0):
    made = Account("7", "Eve", overdraft)
    for day, amount in bookings:
        if amount > 0:
            made.deposit(day, amount)
        else:
            made.withdraw(day, -amount)
    return made


def test_many_bookings_add_up():
    assert account((NEW_YEAR, 500), (SPRING, -200), (SUMMER, 50)).balance == 350


@pytest.mark.parametrize("amount", [0, -5])
def test_amounts_must_be_positive(amount):
    with pytest.raises(ValueError):
        account().deposit(NEW_YEAR, amount)
    with pytest.raises(ValueError):
        account().withdraw(NEW_YEAR, amount)


def test_last_cent_of_the_overdraft():
    made = account((NEW_YEAR, 100), overdraft=50)
    made.withdraw(SPRING, 150)
    assert made.balance == -50
    with pytest.raises(InsufficientFunds) as caught:
        made.withdraw(SPRING, 30)
    assert caught.value.missing == 30


def test_balance_between_bookings():
    made = account((NEW_YEAR, 500), (SUMMER, -200))
    assert made.balance_on(date(2024, 12, 31)) == 0
    assert made.balance_on(SPRING) == 500
    assert made.balance_on(SUMMER) == 300


def test_account_with_money_stays_open():
    made = account((NEW_YEAR, 1))
    with pytest.raises(BankError):
        made.close()
    assert not made.closed


def test_closed_account_gives_no_money():
    made = account(overdraft=100)
    made.close()
    with pytest.raises(AccountClosed):
        made.withdraw(NEW_YEAR, 1)


def test_closed_target_costs_nothing():
    bank = Bank()
    bank.open("a", "Ada").deposit(NEW_YEAR, 80)
    bank.open("b", "Bob").close()
    with pytest.raises(BankError):
        bank.transfer(SPRING, "a", "b", 80)
    assert len(bank.find("a").bookings) == 1
    assert bank.total() == 80


def test_transfer_texts():
    bank = Bank()
    bank.open("a", "Ada").deposit(NEW_YEAR, 80)
    bank.open("b", "Bob")
    bank.transfer(SPRING, "a", "b", 30)
    bank.transfer(SPRING, "a", "b", 5, "lunch")
    assert [b.text for b in bank.find("a").bookings] == ["deposit", "to b", "lunch"]
    assert [b.amount for b in bank.find("b").bookings] == [30, 5]


def test_unknown_and_repeated_numbers():
    bank = Bank()
    bank.open("a", "Ada")
    with pytest.raises(BankError):
        bank.find("z")
    with pytest.raises(BankError):
        bank.open("a", "Bob")


def test_accounts_of_an_owner():
    bank = Bank()
    bank.open("a", "Ada")
    bank.open("b", "Bob")
    bank.open("c", "Ada").close()
    assert [a.number for a in bank.of_owner("Ada")] == ["a"]


def test_interest_is_rounded_down_and_summed():
    bank = Bank()
    bank.open("a", "Ada").deposit(NEW_YEAR, 1_999)
    bank.open("b", "Bob").deposit(NEW_YEAR, 10)
    bank.open("c", "Cy", overdraft=900).withdraw(NEW_YEAR, 900)
    bank.open("d", "Di").deposit(NEW_YEAR, 40_000)
    assert bank.pay_interest(SPRING, 100) == 419
    assert [a.balance for a in bank.accounts.values()] == [2_018, 10, -900, 40_400]


def test_cents_of_small_debts():
    assert cents(-5) == "-0.05"
    assert cents(100_000) == "1000.00"
    assert cents(-199) == "-1.99"


def test_statement_carries_what_was_before():
    made = account((SUMMER, 5), (NEW_YEAR, 100), (SPRING, -30))
    assert statement(made, SPRING, SPRING) == [
        "opening 1.00",
        "2025-04-01 withdrawal -0.30 = 0.70",
        "closing 0.70",
    ]
    assert statement(made, SUMMER, SUMMER)[0] == "opening 0.70"
    assert [line[:10] for line in statement(made, NEW_YEAR, SUMMER)[1:-1]] == [
        "2025-01-01",
        "2025-04-01",
        "2025-07-01",
    ]
