"""One agent for each input topic: it takes chunks and hands them to their lane, and never waits for it."""
