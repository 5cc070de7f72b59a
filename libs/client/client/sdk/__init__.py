"""Pushing and pulling checkpoints from a program: bytes go to object storage, the registry verifies and names them."""
