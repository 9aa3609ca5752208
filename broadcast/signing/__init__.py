"""The server's keys, and the files they lie in."""
