"""One module per grant type of the token endpoint (RFC 6749 section 4, RFC 8628): what is presented, and what comes of it."""
