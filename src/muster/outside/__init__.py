"""Other servers: all that Muster asks of them goes through here, and nothing else opens a connection of its own."""
