"""The `dokpamo` command, the embedded stack it starts, and the SDK."""
