"""The rules of evaluation: pure, with time and numbers handed in."""
