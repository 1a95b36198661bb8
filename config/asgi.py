"""What the web server runs: `config.asgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from config import settings
from config.counts_folder import prepare_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# prometheus_client looks for it when it is imported, which the next line does.
if counts := prepare_folder(settings.FOLDER / "counts"):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
handler = get_wsgi_application()  # first: it loads the settings, and every app

from config.web import Application  # noqa: E402

application = Application(handler)

# What stands after the start stands for good: the collector need not walk through it again each
# time a batch of ten thousand has made as many short-lived objects.
gc.freeze()
gc.set_threshold(50_000, 20, 50)
