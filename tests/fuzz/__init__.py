"""Any bytes on any input topic: decoded without an exception, judged as an independent reading judges them, applied."""
