"""The language of `filter`: `grammar` reads it, `meaning` asks it of users, `plain` of a short list."""
