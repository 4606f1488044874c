"""The second stage: what lanes count becomes the figures across customers (CONTRACT 7, 8).

Each lane keeps its own sums, one row for each figure of a slice and day, and writes the rows that a chunk changed with
the customers of that chunk, so that they cannot disagree (``lane``). The same rows go to a compacted topic. The worker
that has lane 0 reads that topic, adds the lanes up (``board``), and publishes what changed (``publisher``). A row holds
the sum itself, not a difference: to read it twice changes nothing.
"""
