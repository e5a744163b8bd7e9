"""Muster keeps an organisation's users and answers five existing user APIs over the same users."""

__version__ = "0.1.0"
