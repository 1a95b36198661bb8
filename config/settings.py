"""All settings, with their defaults and one sentence each.

They come from the environment. `var/run.env`, written by the services launcher, supplies values
that the environment lacks, so that `manage.py` uses the same services as `make run`.
"""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import environ

from config import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
#: Folder for the files of an installation on one machine; `make run` sets it.
FOLDER = Path(env.str("CMR_FOLDER", default=str(BASE_DIR / "var")))
if "DATABASE_URL" in env.ENVIRON:  # then the roles come from the environment, too
    env.ENVIRON.setdefault("OWNER_DATABASE_URL", env.ENVIRON["DATABASE_URL"])
    env.ENVIRON.setdefault("MAINTENANCE_DATABASE_URL", "")
environ.Env.read_env(FOLDER / "run.env")  # the environment has precedence


def read_list(name: str) -> list[str]:
    """Return the values of a list separated by commas, without white space."""
    return [each.strip() for each in env.list(name, default=[]) if each.strip()]


# -- Kind of installation ----------------------------------------------------------------------

#: "development" allows loopback webhooks over http and relaxed cookies; "production" does not.
ENVIRONMENT = env.str("CMR_ENVIRONMENT", default="production")
DEVELOPMENT = ENVIRONMENT == "development"
#: Django's debug pages; off by default, because they show settings to anybody.
DEBUG = env.bool("DEBUG", default=False)

# -- Secrets -----------------------------------------------------------------------------------

#: Signs sessions and CSRF tokens. A system check refuses the default in production.
SECRET_KEY = env.str("SECRET_KEY", default="insecure-only-for-development")
#: Its earlier values, newest first: sessions signed with them remain valid.
SECRET_KEY_FALLBACKS = read_list("SECRET_KEY_FALLBACKS")
#: Key of the digests of addresses. Without it no person can be found; it cannot be rotated.
IDENTIFIER_PEPPER = env.str("IDENTIFIER_PEPPER", default="insecure-only-for-development")
#: Encrypts webhook secrets, and the signing keys of mail providers, at rest.
WEBHOOK_SECRETS_KEY = env.str("WEBHOOK_SECRETS_KEY", default="insecure-only-for-development")
#: Its earlier values, newest first: data encrypted with them can still be read.
WEBHOOK_SECRETS_OLD_KEYS = read_list("WEBHOOK_SECRETS_OLD_KEYS")
#: Derives the keys, one per brand, that seal the links in mails.
LINKS_KEY = env.str("LINKS_KEY", default="insecure-only-for-development")
#: Its earlier values, newest first: links sealed with them still work.
LINKS_OLD_KEYS = read_list("LINKS_OLD_KEYS")
#: Derives the key that signs receipts.
RECEIPT_KEY = env.str("RECEIPT_KEY", default="insecure-only-for-development")
#: Its earlier values, newest first: receipts signed with them can still be verified.
RECEIPT_OLD_KEYS = read_list("RECEIPT_OLD_KEYS")
#: Encrypts the hashes of addresses by which brands know their people.
CONTACT_HASHES_KEY = env.str("CONTACT_HASHES_KEY", default="insecure-only-for-development")
#: Its earlier values, newest first: hashes encrypted with them can still be read.
CONTACT_HASHES_OLD_KEYS = read_list("CONTACT_HASHES_OLD_KEYS")
#: Encrypts the contents of sessions at rest. Without it everybody is signed out.
SESSIONS_KEY = env.str("SESSIONS_KEY", default="insecure-only-for-development")
#: Earlier values of SESSIONS_KEY, newest first: sessions encrypted with them can still be read.
SESSIONS_OLD_KEYS = read_list("SESSIONS_OLD_KEYS")
#: Encrypts second factors at rest. Without it nobody who has one can sign in.
SECOND_FACTOR_KEY = env.str("SECOND_FACTOR_KEY", default="insecure-only-for-development")
#: Earlier values of SECOND_FACTOR_KEY, newest first: factors encrypted with them still work.
SECOND_FACTOR_OLD_KEYS = read_list("SECOND_FACTOR_OLD_KEYS")


def fernet_keys(secrets: list[str]) -> list[bytes]:
    """Return the Fernet key made of each secret. The first encrypts; all of them decrypt."""
    return [base64.urlsafe_b64encode(hashlib.sha256(each.encode()).digest()) for each in secrets]


#: The Fernet keys derived from SESSIONS_KEY and SESSIONS_OLD_KEYS, once per process.
SESSIONS_FERNET_KEYS = fernet_keys([SESSIONS_KEY, *SESSIONS_OLD_KEYS])
#: The Fernet keys derived from SECOND_FACTOR_KEY and SECOND_FACTOR_OLD_KEYS, once per process.
SECOND_FACTOR_FERNET_KEYS = fernet_keys([SECOND_FACTOR_KEY, *SECOND_FACTOR_OLD_KEYS])

# -- Addresses of services ---------------------------------------------------------------------

#: PostgreSQL 15 or newer. `make run` starts one and sets this.
DATABASE_URL = env.str("DATABASE_URL", default="postgres://cmr@127.0.0.1:5432/cmr")
#: The same database as the owner of its tables. Only `migrate` needs it.
OWNER_DATABASE_URL = env.str("OWNER_DATABASE_URL", default=DATABASE_URL)
#: The same database as the role that may delete old rows. Only `prune_attempts` needs it.
MAINTENANCE_DATABASE_URL = env.str("MAINTENANCE_DATABASE_URL", default="")
#: The broker that wakes workers up. If it is down, work is delayed but not lost.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
#: Host names that this installation answers to.
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else []
)
#: Origins that may post forms when TLS ends at a proxy, as https://host.
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS")

DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
OWNER_DATABASE: dict[str, Any] = env.db_url_config(OWNER_DATABASE_URL)
MAINTENANCE_DATABASE: dict[str, Any] = (
    env.db_url_config(MAINTENANCE_DATABASE_URL) if MAINTENANCE_DATABASE_URL else {}
)
#: Names of the two roles that have privileges: Note [Roles] in `config.postgres.roles`.
APPLICATION_ROLE: str = DATABASES["default"]["USER"]
MAINTENANCE_ROLE: str = MAINTENANCE_DATABASE.get("USER", "")
DATABASES["default"]["ENGINE"] = "config.postgres"
#: Each thread keeps its connection. A connection that PostgreSQL closed is found before its use.
DATABASES["default"]["CONN_MAX_AGE"] = None
#: The statements of `core.db.prepared` are planned once per connection, not for each value. JIT
#: compilation would take longer than they run.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c plan_cache_mode=force_generic_plan -c jit=off"
)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
#: Nothing may rely on a cache: it may be flushed or full, and each process has its own. Rate limits
#: and used codes are in the database.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Applications, in the order of their imports -----------------------------------------------

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "devstack",
    "cmr",
    "consent",
    "brands",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]
AUTH_USER_MODEL = "cmr.User"
ROOT_URLCONF = "config.urls"

MIDDLEWARE = [
    "config.requests.RequestId",
    "config.requests.Versioned",
    "config.requests.Programs",
    "cmr.portal.answer_times.AnswerAtFullSteps",
    # Pages are mostly tags. Django varies the length of each response, against BREACH attacks.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cmr.portal.person.InTheirTerms",
    "cmr.portal.limits.RateLimits",
    "cmr.portal.guarding.FreshSession",
    "cmr.portal.gpc.Honoured",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.requests.Readable",
    "config.staff.RequireSecondFactor",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cmr.portal.person.context",
            ]
        },
    }
]

# -- The API -----------------------------------------------------------------------------------

#: Number of proxies in front of us that add to X-Forwarded-For; with 0 the header is ignored.
TRUSTED_PROXIES: int | None = env.int("TRUSTED_PROXIES", default=None)
REST_FRAMEWORK = {
    # Each view names its own authentication and permission; a view without them is closed.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["core.json_bodies.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.json_bodies.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.schema.Contract",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.json_bodies.AlwaysJSON",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "NUM_PROXIES": TRUSTED_PROXIES or 0,
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "config.problems.Handler",
    "EXCEPTION_FORMATTER_CLASS": "config.problems.Formatter",
}
#: Calls per minute of each brand's key, in each web process; further calls get 429.
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=300_000)
#: Maximum JSON body of a batch check, in bytes; larger ones get 413.
MAX_BATCH_BYTES = env.int("MAX_BATCH_BYTES", default=5_000_000)
#: Maximum JSON body of any other call, in bytes.
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=1_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
#: Maximum form with a file, in bytes; only imports in the console take one.
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", default=20_000_000)
#: All other forms discard files as they arrive.
FILE_UPLOAD_HANDLERS = ["config.requests.NoFiles"]

SPECTACULAR_SETTINGS = {
    "TITLE": "CMR",
    "DESCRIPTION": "Customer-managed relationships: check before you contact, follow every change.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ChannelEnum": "brands.models.Channel",
        "NothingUnderstoodEnum": "cmr.inbound.replies.IgnoredReason",
        "ReasonEnum": "consent.models.ledger.Reason",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.add_problems",
        "config.schema.describe_common_fields",
    ],
    #: In the order in which a brand's developer meets them.
    "TAGS": [
        {"name": name}
        for name in [
            "brand: checks",
            "brand: people",
            "brand: links",
            "brand: changes",
            "brand: webhooks",
            "brand: permission requests",
            "brand: what people answer",
            "brand: imports",
            "brand: exports",
            "brand: catalogue",
            "brand: campaigns",
            "brand: reports",
            "brand: keys",
            "brand: itself",
            "brand: test mode",
            "consumer",
            "consumer: sign-in",
            "receipts",
            "admin",
        ]
    ],
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "filter": True,
        "defaultModelExpandDepth": 3,
        "defaultModelsExpandDepth": 0,
        "defaultModelRendering": "model",
    },
}

# -- Web ---------------------------------------------------------------------------------------

#: Threads of a web process; each runs one request at a time.
WEB_THREADS = env.int("WEB_THREADS", default=4)
#: Streams of a web process at the same time, fewer than its threads; further ones get 429.
STREAMS_AT_ONCE = env.int("STREAMS_AT_ONCE", default=max(1, WEB_THREADS // 2))
#: Mailboxes that a web process reads at the same time; further ones are asked to come back.
MAILBOX_READS_AT_ONCE = env.int("MAILBOX_READS_AT_ONCE", default=max(1, WEB_THREADS // 2))
#: Seconds within which a client must send more of a stream, or read more of its response.
CONNECTION_IDLE_SECONDS = env.float("CONNECTION_IDLE_SECONDS", default=60.0)
#: Seconds within which a body must arrive, and bytes per second that extend them for long ones.
BODY_SECONDS = env.float("BODY_SECONDS", default=10.0)
BODY_BYTES_PER_SECOND = env.int("BODY_BYTES_PER_SECOND", default=50_000)
#: Bytes of unfinished bodies that a web process holds; one caller may have a quarter of them.
MAX_BUFFERED_BYTES = env.int("MAX_BUFFERED_BYTES", default=200_000_000)

# -- Delivery ----------------------------------------------------------------------------------

#: Allows webhooks to loopback addresses over http: only for tests and `make run`.
OUTBOUND_ALLOW_LOOPBACK = env.bool("OUTBOUND_ALLOW_LOOPBACK", default=DEVELOPMENT)
#: Ports that webhooks may use; any port if loopback is allowed.
OUTBOUND_PORTS = [int(port) for port in env.list("OUTBOUND_PORTS", default=["443", "8443"])]
#: Maximum seconds of an HTTP attempt, from the first DNS query to the last byte.
DELIVERY_DEADLINE_SECONDS = env.float("DELIVERY_DEADLINE_SECONDS", default=15.0)
#: Seconds for which a worker sends under one lease before it renews it.
DELIVERY_BUDGET_SECONDS = env.float("DELIVERY_BUDGET_SECONDS", default=5.0)
#: Seconds of a lease; must exceed the sum of deadline and budget (a system check).
DELIVERY_LEASE_SECONDS = env.float("DELIVERY_LEASE_SECONDS", default=25.0)
#: Seconds until a failing endpoint is tried again after its first failure, its second, and so on;
#: the last value repeats. Each wait is varied by up to a fifth.
DELIVERY_SCHEDULE = [
    float(seconds)
    for seconds in env.list(
        "DELIVERY_SCHEDULE", default="5 300 1800 7200 18000 36000 50400 72000 86400".split()
    )
]
#: Name servers for the proof of a domain, as host:port. Empty: those of this machine.
DNS_SERVERS = read_list("DNS_SERVERS")
#: Name server for the keys of signed mail, as host:port. Empty: those of DNS_SERVERS.
MAILBOX_DNS_SERVER = env.str("MAILBOX_DNS_SERVER", default="")
#: Whether an endpoint must answer a challenge before it receives events.
WEBHOOK_PROOF = env.bool("WEBHOOK_PROOF", default=not OUTBOUND_ALLOW_LOOPBACK)
#: Seconds between two sweeps, which deliver what is due even if no worker was woken.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=2.0)
#: In how many shards at most an import is applied; as many worker processes can share its work.
IMPORT_SHARDS = env.int("IMPORT_SHARDS", default=min(4, os.cpu_count() or 1))
#: A worker's sweep touches this file after each round; `docker-compose.yml` checks its age.
HEARTBEAT_FILE = FOLDER / "heartbeat"

# -- Celery: wakes workers up; the database has the state --------------------------------------

CELERY = {
    "broker_url": REDIS_URL,
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_default_queue": "records",
    "task_routes": {
        "brands.deliver": {"queue": "delivery"},
        "consent.apply_import_shard": {"queue": "imports"},
    },
    "task_publish_retry": False,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 5.0,
    "broker_connection_retry_on_startup": True,
    "broker_connection_timeout": 1.0,
    "broker_transport_options": {
        "socket_timeout": 5.0,
        "socket_connect_timeout": 1.0,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "visibility_timeout": 60,
        "max_retries": 0,
    },
    # Without it Celery opens a connection to PostgreSQL for every task.
    "CELERY_DB_REUSE_MAX": 1_000,
    "worker_hijack_root_logger": False,
}

# -- Browsers ----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "worker-src": ["'self'"],  # reads files of mail on the person's own machine
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEVELOPMENT
SECURE_HSTS_PRELOAD = not DEVELOPMENT
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
#: Redirects http to https. Turn it off if a proxy that ends TLS already does so.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEVELOPMENT)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(FOLDER / "static"))()
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
#: Folder of the built documentation, which is served at `/docs/`.
DOCS_FOLDER = Path(env.str("DOCS_FOLDER", default=str(FOLDER / "docs")))
WHITENOISE_USE_FINDERS = DEVELOPMENT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# -- People's accounts (django-allauth) ---------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_ADAPTER = "cmr.allauth_hooks.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "cmr.allauth_hooks.adapter.called"
ACCOUNT_LOGIN_METHODS = {"email"}
#: No password at sign-up: somebody who signs up with another person's address must not have a
#: password that still works after the owner takes over the account.
ACCOUNT_FORMS = {
    "signup": "cmr.allauth_hooks.adapter.SignUpForm",
    # These accept an address in any spelling.
    "login": "cmr.allauth_hooks.account_forms.LoginForm",
    "request_login_code": "cmr.allauth_hooks.account_forms.RequestLoginCodeForm",
    "reset_password": "cmr.allauth_hooks.account_forms.ResetPasswordForm",
    # Refuses a code that was mailed to an address that has since been removed.
    "reset_password_from_key": "cmr.allauth_hooks.adapter.NewPasswordForm",
    "add_email": "cmr.allauth_hooks.account_forms.AddEmailForm",
    "change_email": "cmr.allauth_hooks.account_forms.ChangeEmailForm",
}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # without it nobody could choose one
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
#: Codes can be resent twice, at the same times for known and unknown addresses.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
#: Seconds for which any mailed code is valid; pages and mails say it in minutes.
MAILED_CODE_SECONDS = 900
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = MAILED_CODE_SECONDS
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = MAILED_CODE_SECONDS
#: Off, because `cmr.accounts.notices` notifies every verified address, and allauth only the first.
ACCOUNT_EMAIL_NOTIFICATIONS = False
#: Seconds after signing in or reauthenticating during which sign-in settings may be changed.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
#: Whether attempts are limited (`cmr.rate_limits`); `ACCOUNT_LIMITS=off` is only for benchmarks.
RATE_LIMITS = env.str("ACCOUNT_LIMITS", default="on") != "off"
#: allauth's own limits are off: they count in Django's cache, and not atomically.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEVELOPMENT else "https"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES or 0
USERSESSIONS_ADAPTER = "cmr.allauth_hooks.adapter.SessionsAdapter"
#: Whether administrators must sign in with a second factor before they can do anything.
STAFF_NEED_SECOND_FACTOR = env.bool("STAFF_NEED_SECOND_FACTOR", default=not DEVELOPMENT)
#: These count attempts, and accept each code of an authenticator app only once.
MFA_FORMS = {
    "authenticate": "cmr.sign_in.factor_forms.AuthenticateForm",
    "reauthenticate": "cmr.sign_in.factor_forms.ReauthenticateForm",
    "activate_totp": "cmr.sign_in.factor_forms.ActivateTOTPForm",
}
MFA_ADAPTER = "cmr.allauth_hooks.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "CMR"
MFA_TOTP_TOLERANCE = 1  # the clocks of phones may be half a minute off
#: Browsers accept passkeys over http only from localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
#: Forms that accept any address answer at multiples of this many seconds, so that response times
#: do not reveal whether an address is known.
ADDRESS_FORM_SECONDS = env.float("ADDRESS_FORM_SECONDS", default=0.5)
#: URL that sends text messages: a POST of {"to", "text"}. Empty: phone numbers are not supported.
SMS_URL = env.str("SMS_URL", default="")

# -- Language, dates and times ------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
#: The first has precedence, and `makemessages` writes only to it. The second translates allauth.
LOCALE_PATHS = [BASE_DIR / "config" / "locale", BASE_DIR / "config" / "locale_allauth"]
FORMAT_MODULE_PATH = ["config.formats"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEVELOPMENT
TIME_ZONE = "UTC"
USE_TZ = True

#: One line of JSON per entry, or columns for people.
LOG_JSON = env.bool("LOG_JSON", default=not DEVELOPMENT)
#: Whether each request is logged.
ACCESS_LOG = env.bool("ACCESS_LOG", default=True)
LOGGING = logs.build_log_settings(level=env.str("LOG_LEVEL", default="INFO"), as_json=LOG_JSON)

# -- Monitoring and mail -----------------------------------------------------------------------

#: Token that Prometheus sends to read `/metrics`. Without a token only development may read it.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
#: Mail server, as smtp+tls://user:password@host:587. Only development prints mail instead.
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://")
vars().update(env.email_url_config(EMAIL_URL))
#: Our own classes for SMTP and for printing, instead of Django's.
EMAIL_BACKEND: str = {
    "django.core.mail.backends.smtp.EmailBackend": "cmr.messages.smtp.Backend",
    "django.core.mail.backends.console.EmailBackend": "cmr.messages.smtp.ConsoleBackend",
}.get(vars()["EMAIL_BACKEND"], vars()["EMAIL_BACKEND"])
#: Seconds within which a mail server must answer.
EMAIL_TIMEOUT = 10
#: Domain of the personal addresses to which people forward mail. Empty: they cannot.
MAILBOX_FORWARDING_DOMAIN = env.str("MAILBOX_FORWARDING_DOMAIN", default="").lower()
#: Who posts the mail of that domain to us: sendgrid_parse or mailgun_route.
MAILBOX_INBOUND_PROVIDER = env.str("MAILBOX_INBOUND_PROVIDER", default="")
#: Secret part of the URL that this provider posts to.
MAILBOX_INBOUND_SECRET = env.str("MAILBOX_INBOUND_SECRET", default="")
#: Recipients of the weekly summary of the reports, on Mondays. Empty: nobody.
REPORT_MAIL_TO = read_list("REPORT_MAIL_TO")
#: Public URL of this installation, as https://host, for links in mails.
PUBLIC_URL: str = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
#: Sender of our mail.
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="cmr@localhost")
