"""What is decided: the pure core. No input or output, no clock, no framework."""
