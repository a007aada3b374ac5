from datetime import date

import pytest

from bank.account import AccountClosed, BankError, InsufficientFunds
from bank.bank import Bank
from bank.statement import cents, statement

MAY_1 = date(2024, 5, 1)
MAY_2 = date(2024, 5, 2)
MAY_9 = date(2024, 5, 9)


@pytest.fixture
def bank():
    bank = Bank()
    bank.open("1", "Ada").deposit(MAY_1, 10_000)
    bank.open("2", "Bob", overdraft=5_000)
    return bank


def test_deposit_and_withdrawal(bank):
    account = bank.find("1")
    account.withdraw(MAY_2, 2_500)
    assert account.balance == 7_500


def test_everything_may_be_withdrawn(bank):
    bank.find("1").withdraw(MAY_2, 10_000)
    assert bank.find("1").balance == 0


def test_too_much_is_refused_and_says_what_is_missing(bank):
    with pytest.raises(InsufficientFunds) as caught:
        bank.find("1").withdraw(MAY_2, 10_001)
    assert caught.value.missing == 1
    assert bank.find("1").balance == 10_000


def test_overdraft(bank):
    bank.find("2").withdraw(MAY_2, 5_000)
    assert bank.find("2").balance == -5_000


def test_balance_on_a_day(bank):
    account = bank.find("1")
    account.deposit(MAY_9, 1)
    assert account.balance_on(MAY_1) == 10_000
    assert account.balance_on(MAY_9) == 10_001


def test_transfer_moves_money(bank):
    bank.transfer(MAY_2, "1", "2", 300)
    assert (bank.find("1").balance, bank.find("2").balance) == (9_700, 300)
    assert bank.find("2").bookings[-1].text == "from 1"


def test_failed_transfer_changes_nothing(bank):
    with pytest.raises(InsufficientFunds):
        bank.transfer(MAY_2, "1", "2", 99_999)
    assert bank.total() == 10_000
    assert bank.find("2").bookings == []


def test_transfer_to_a_closed_account(bank):
    bank.find("2").close()
    with pytest.raises(BankError):
        bank.transfer(MAY_2, "1", "2", 100)
    assert bank.find("1").balance == 10_000


def test_closed_account_takes_no_money(bank):
    account = bank.open("3", "Cy")
    account.close()
    with pytest.raises(AccountClosed):
        account.deposit(MAY_2, 5)


def test_interest_only_on_positive_balances(bank):
    bank.find("2").withdraw(MAY_2, 1_000)
    assert bank.pay_interest(MAY_9, 250) == 250
    assert bank.find("2").balance == -1_000


def test_cents():
    assert [cents(a) for a in (0, 5, 1234, -1234)] == ["0.00", "0.05", "12.34", "-12.34"]


def test_statement(bank):
    account = bank.find("1")
    account.withdraw(MAY_9, 2_000, "rent")
    account.deposit(MAY_2, 500, "gift")
    assert statement(account, MAY_2, MAY_9) == [
        "opening 100.00",
        "2024-05-02 gift 5.00 = 105.00",
        "2024-05-09 rent -20.00 = 85.00",
        "closing 85.00",
    ]
