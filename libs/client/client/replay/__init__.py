"""Replay a programme through the public APIs on a virtual clock."""
