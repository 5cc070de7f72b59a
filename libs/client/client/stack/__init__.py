"""The embedded stack: every part of the platform on one machine, from Python packages alone."""
