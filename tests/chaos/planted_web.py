"""The product's door for the web server, likewise."""

from config.asgi import application
from tests.chaos import planted

__all__ = ["application", "planted"]
