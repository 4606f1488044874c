"""Mutation testing of the core: mutants made by mutmut, each run in a fork of one warm test session."""
