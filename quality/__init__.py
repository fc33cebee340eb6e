"""How well inspection reads Taiwan's official text, measured (``make quality``)."""
