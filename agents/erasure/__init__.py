"""What is left of one customer, place by place, and until when: the proof of an erasure (CONTRACT 9, B27, B31)."""
