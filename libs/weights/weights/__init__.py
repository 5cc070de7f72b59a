"""Model weights as files: strict, streaming, pure."""
