"""Dead letters for those who mend them: find them, see what was wrong, send them again exactly once."""
