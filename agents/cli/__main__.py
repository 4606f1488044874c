"""``python -m agents.cli`` is ``engage``."""

from agents.cli.main import main

main()
