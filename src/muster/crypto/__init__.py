"""Password hashing, sealing, signed tokens and certificates: small parts over well-known libraries, knowing only the core."""
