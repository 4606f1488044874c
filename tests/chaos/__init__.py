"""Faults on purpose: seeded runs of worker processes on Apache Kafka, compared with a replay of the same input."""
