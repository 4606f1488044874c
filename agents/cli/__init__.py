"""The command line: each module parses the options of one command and calls a function."""
