"""The view: what the engine knows of its customers, kept in Redis for other services to read. Never the truth."""
