"""The `assistant` command line: the whole system on one machine with one command."""
