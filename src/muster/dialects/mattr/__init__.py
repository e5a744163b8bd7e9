"""MATTR VII's Users API."""
