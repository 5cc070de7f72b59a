"""Check a record: `python -m verify FOLDER`."""

from verify.command import run

run()
