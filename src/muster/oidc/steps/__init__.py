"""The checks of an authorization request. Each looks at the request and refuses it, or does nothing."""
