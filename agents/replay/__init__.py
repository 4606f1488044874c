"""Replay: the engine's own code over files, with no broker (CONTRACT 10).

``reading`` finds and reads the files, ``merge`` puts their lines into one order, ``engine`` runs them through the
core, ``writing`` writes what came out, ``run`` is all four together.
"""
