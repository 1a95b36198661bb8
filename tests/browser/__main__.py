"""`make screenshots`; with names, those pages only."""

import os
import sys

import django

if __name__ == "__main__":
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    django.setup()
    from tests.browser import screenshots

    screenshots.main(sys.argv[1:])
