"""Auth0's Management API v2 and its token endpoint, over Muster's users."""
