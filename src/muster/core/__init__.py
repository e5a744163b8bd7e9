"""What is true about users and access. This package knows no HTTP, no SQL and no vendor's words."""
