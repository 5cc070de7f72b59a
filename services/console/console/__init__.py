"""The console: the edge for people. It owns no decision, no table and no event."""
