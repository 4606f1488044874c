"""Real servers on this machine, for tests, benchmarks and chaos runs: Apache Kafka and Redis on loopback."""
