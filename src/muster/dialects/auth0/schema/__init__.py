"""What the API takes and gives, written down once: the checks, their texts and `openapi.json` all read these tables."""
