"""Clerk's Backend API over the core."""
