"""One vendor's API per folder, every folder alike; see docs/architecture.md."""
