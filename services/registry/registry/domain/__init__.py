"""The registry's rules: what a checkpoint may hold, what makes it whole, and what its identity is."""
