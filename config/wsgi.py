"""The door for the web server."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import idle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
idle.watch(seconds=settings.CONNECTION_IDLE_SECONDS)
