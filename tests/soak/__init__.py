"""Accelerated months through a worker: memory and changelog stay flat, and what is left equals a replay."""
