"""What the API takes and gives, written down once: the binding of requests and `openapi.json` both read these tables."""
