"""The command line: one file for each group of commands. Nothing heavy is imported before the command is known."""
