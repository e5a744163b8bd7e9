"""Passwords: the texts in which their hashes are kept, and the rules for choosing a new one."""
