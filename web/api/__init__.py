"""What machines ask of the server without a session: audio, plans, health, and how boxes are enrolled."""

from .enrolment import create_enrolment
from .routes import create_api

__all__ = ["create_api", "create_enrolment"]
