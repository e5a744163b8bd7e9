"""Invented people to try the server with: realistic, reproducible, and in the format of Auth0's bulk import.

All their e-mail addresses are at example.com, example.org and example.net (RFC 2606), their telephone numbers in blocks
reserved for fiction. The n-th person of a file, counted from 1, has the password `demo-password-01` to
`demo-password-16`, the number being (n - 1) % 16 + 1; about one in twenty has none.
"""

from muster.demo.hashes import PASSWORDS
from muster.demo.people import people, write_import_file

__all__ = ["PASSWORDS", "people", "write_import_file"]
