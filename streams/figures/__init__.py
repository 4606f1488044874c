"""What a decision adds to the figures across customers, one module for each kind of figure (CONTRACT 7)."""
