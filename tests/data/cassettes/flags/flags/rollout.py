"""Who sees a feature that is rolled out bit by bit."""

import zlib


def bucket(user_id):
    """A number from 0 to 99 that stays the same for a user."""
    return zlib.crc32(str(user_id).encode()) % 100


def sees(flags, name, user_id):
    """Whether a user sees a feature: it is on, and the user is among the chosen."""
    if not flags.enabled(name):
        return False
    return bucket(user_id) < flags.percentage(f"{name}.percentage")
