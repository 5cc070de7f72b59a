"""Where the registry keeps things: PostgreSQL for what it decided, S3 for bytes, MLflow for names."""
