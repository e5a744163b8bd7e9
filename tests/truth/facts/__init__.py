"""The table of the cross-check: every fact about a person, by topic. docs/one-truth.md is made from it."""
