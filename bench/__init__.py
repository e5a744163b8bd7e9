"""How fast Muster is on this machine, held against floors: `make bench`. How to read the figures: docs/bench.md."""
