"""MonoCloud's Management API."""
