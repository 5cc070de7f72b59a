"""Training's rules: what a job may ask, what happens to it next, and what it is metered."""
