"""Where training keeps jobs (PostgreSQL), where it runs them (Ray), and whom it asks for checkpoints (the registry)."""
