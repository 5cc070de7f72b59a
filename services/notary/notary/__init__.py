"""Notary: a log of every event that outsiders can check."""
