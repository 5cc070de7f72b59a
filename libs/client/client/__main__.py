"""`python -m client`: the `dokpamo` command."""

from client.cli import main

main()
