"""The rules of intake: pure, with time and terms handed in."""
