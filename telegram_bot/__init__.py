"""Telegram: cards shown, taps and words heard."""
