"""Doing jobs: who takes which, and the works that need nothing but the core."""
