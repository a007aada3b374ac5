"""The accounts of one bank, and what moves money between them."""

from bank.account import Account, BankError


class Bank:
    def __init__(self):
        self.accounts = {}

    def open(self, number, owner, overdraft=0):
        if number in self.accounts:
            raise BankError(f"{number} exists")
        self.accounts[number] = Account(number, owner, overdraft)
        return self.accounts[number]

    def find(self, number):
        try:
            return self.accounts[number]
        except KeyError:
            raise BankError(f"no account {number}") from None

    def transfer(self, day, source, target, amount, text=""):
        """Move money; either both bookings are made or none."""
        giver = self.find(source)
        taker = self.find(target)
        if taker.closed:
            raise BankError(f"{target} is closed")
        giver.withdraw(day, amount, text or f"to {target}")
        taker.deposit(day, amount, text or f"from {source}")

    def total(self):
        return sum(account.balance for account in self.accounts.values())

    def of_owner(self, owner):
        return [a for a in self.accounts.values() if a.owner == owner and not a.closed]

    def pay_interest(self, day, basis_points):
        """Interest for a year on every positive balance, rounded down to a cent; what was paid."""
        paid = 0
        for account in self.accounts.values():
            if account.closed or account.balance <= 0:
                continue
            interest = account.balance * basis_points // 10_000
            if interest:
                account.deposit(day, interest, "interest")
                paid += interest
        return paid
