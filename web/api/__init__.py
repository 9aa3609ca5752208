"""What machines ask of the server without a session: audio, plans and health."""

from .routes import create_api

__all__ = ["create_api"]
