"""Live lanes: for each partition number its six topics, its customers, timers, applied offsets and producer."""
