"""The entry point of the web server: `config.asgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from config import settings
from config.counts_folder import prepare_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# prometheus_client reads the variable when it is imported, which `get_wsgi_application` does.
if counts := prepare_folder(settings.FOLDER / "counts"):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
handler = get_wsgi_application()  # first: it loads the settings, and every app

from config.web import Application  # noqa: E402

application = Application(handler)

# Objects that exist after startup are permanent. Freeze them, so that the garbage collector does
# not traverse them whenever a batch of ten thousand has created as many short-lived objects.
gc.freeze()
gc.set_threshold(50_000, 20, 50)
