"""How fast a worker is beside a plain loop over the same decode and the same core (``python -m tests.bench``)."""
