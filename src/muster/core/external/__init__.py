"""Identities elsewhere: which providers people may come from, and what becomes of somebody who comes back from one."""
