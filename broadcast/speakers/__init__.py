"""The fleet as it is known: who hangs where, how it does, and what it told of itself."""
