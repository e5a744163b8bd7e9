"""The core's promises of storage, kept in SQL for SQLite and PostgreSQL. Everything that differs between them is an `Engine`'s."""
