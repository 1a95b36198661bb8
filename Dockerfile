# The version that the tests run on; the lock holds for newer ones too.
FROM python:3.11-slim AS base

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/static DOCS_FOLDER=/app/pages
WORKDIR /app

# Before the code, so that a change of code does not install everything again.
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt

# The documentation's pages; what builds them does not go into the image.
FROM base AS documentation
COPY requirements/docs.txt requirements/docs.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/docs.txt
COPY CHANGELOG.md .
COPY docs docs
COPY config/static/cmr/mark.svg config/static/cmr/mark.svg
RUN python -m sphinx --quiet --fail-on-warning -d /tmp/doctrees docs pages

FROM base
# For `manage.py backup` and `restore`: pg_dump may not be older than the server of compose, and
# Debian's is: the one script of postgresql-common adds PostgreSQL's own packages.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && sh /usr/share/postgresql-common/pgdg/*.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*

COPY . .
COPY --from=documentation /app/pages pages
# Needs a setting only where it would use it; these three go into this one command and nowhere else.
RUN SECRET_KEY=build IDENTIFIER_PEPPER=build WEBHOOK_SECRETS_KEY=build \
    python manage.py collectstatic --no-input --verbosity 0 \
    && chmod -R a+rX . && mkdir var && chown 10001:10001 var

# A number, so that an orchestrator can see that it is not root. It may write to var/ only.
USER 10001:10001
EXPOSE 8000

# Without a proxy's header, so the redirect to https has to leave /healthz out (it does), and
# ALLOWED_HOSTS has to hold localhost (docker-compose.yml sees to it).
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=4)"]

# As in devstack/product.py, for every address of the container.
CMD ["python", "-m", "granian", "--interface", "asginl", "--http", "1", "--host", "0.0.0.0", \
     "--port", "8000", "--workers", "2", "--no-ws", "--http1-buffer-size", "65536", \
     "--backlog", "4096", "--respawn-failed-workers", "config.asgi:application"]
