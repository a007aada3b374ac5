"""Statements for people to read."""


def cents(amount):
    sign = "-" if amount < 0 else ""
    euros, rest = divmod(abs(amount), 100)
    return f"{sign}{euros}.{rest:02}"


def statement(account, since, until):
    """Lines with opening balance, each booking from `since` to `until`, and closing balance."""
    bookings = sorted(account.bookings, key=lambda booking: booking.day)
    running = sum(b.amount for b in bookings if b.day < since)
    lines = [f"opening {cents(running)}"]
    for booking in bookings:
        if since <= booking.day <= until:
            running += booking.amount
            lines.append(f"{booking.day} {booking.text} {cents(booking.amount)} = {cents(running)}")
    lines.append(f"closing {cents(running)}")
    return lines
