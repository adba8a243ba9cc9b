"""Switches and wires. Everything an installation may set comes from the environment or lies in RACKBILL_HOME."""

import json
import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rackbill.adapters.smtp import USUAL_PORTS, MailAccess, MailServer

PACKAGE = Path(__file__).resolve().parent.parent
RACKBILL_HOME = Path(os.environ.get("RACKBILL_HOME", "var")).resolve()
RACKBILL_HOME.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    path = RACKBILL_HOME / "secret_key"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.chmod(0o600)
        # A second process may be first: whoever links the name wins, the other reads it.
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text()


def _installation() -> dict[str, str]:
    path = RACKBILL_HOME / "installation.json"
    return json.loads(path.read_text()) if path.exists() else {"kind": "live"}


SECRET_KEY = os.environ.get("RACKBILL_SECRET_KEY") or _secret_key()
INSTALLATION = _installation()
DEBUG = os.environ.get("RACKBILL_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("RACKBILL_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL", "")
    if not url or url.startswith("sqlite"):
        path = urlsplit(url).path if url else ""
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path or str(RACKBILL_HOME / "rackbill.sqlite3"),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL begins with {parts.scheme!r}; Rackbill knows sqlite and postgresql")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        # The server finds out within a minute that a machine is gone, and lets go of the rows it had locked.
        "OPTIONS": {"options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

NOUNS = (
    "history identifiers taxes parties access catalogue equipment contracts usage documents dispatch receivables billing ordering"
).split()
INSTALLED_APPS = [
    *[f"rackbill.domain.{noun}.apps.{noun.capitalize()}Config" for noun in NOUNS],
    "rackbill.cutover.apps.CutoverConfig",
    "rackbill.interfaces.portal.apps.PortalConfig",
    "rackbill.interfaces.office.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
]

MIDDLEWARE = [
    "rackbill.interfaces.api.errors.ErrorObjects",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "rackbill.config.urls"
WSGI_APPLICATION = "rackbill.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "interfaces" / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTH_USER_MODEL = "rackbill_access.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "rackbill.interfaces.portal.log_in.PortalAccountAdapter"
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
ACCOUNT_LOGOUT_REDIRECT_URL = "/account/login/"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("nl", "Nederlands"), ("ru", "Русский")]
LOCALE_PATHS = [PACKAGE / "interfaces" / door / "locale" for door in ("portal", "office")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("RACKBILL_HTTPS") == "1"
SESSION_COOKIE_AGE = 8 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"rackbill": {"handlers": ["stderr"], "level": os.environ.get("RACKBILL_LOG", "WARNING")}},
}

TASK_ENGINE = os.environ.get("RACKBILL_TASKS", "database")
TASK_ENGINES = {"database": "django_tasks_db.DatabaseBackend", "celery": "rackbill.config.task_engine.CeleryBackend"}
if TASK_ENGINE not in TASK_ENGINES:
    raise ValueError(f"RACKBILL_TASKS is {TASK_ENGINE!r}; Rackbill knows {' and '.join(TASK_ENGINES)}")
if TASK_ENGINE == "celery" and "sqlite3" in str(DATABASES["default"]["ENGINE"]):
    raise ValueError("RACKBILL_TASKS=celery needs PostgreSQL: SQLite has one writer; name a server in DATABASE_URL")
TASKS = {"default": {"BACKEND": TASK_ENGINES[TASK_ENGINE]}}
BROKER_URL = os.environ.get("RACKBILL_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
TASK_QUEUE = os.environ.get("RACKBILL_TASK_QUEUE", "rackbill")

EINVOICE_RULES = Path(os.environ.get("RACKBILL_EINVOICE_RULES", RACKBILL_HOME / "einvoice-rules"))


def _whole(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if text and not text.isdecimal():
        raise ValueError(f"{name} is {text!r}; it is a whole number")
    return int(text) if text else default


SMTP_ACCESS = MailAccess(
    tls=os.environ.get("RACKBILL_SMTP_TLS", ""),
    user=os.environ.get("RACKBILL_SMTP_USER", ""),
    password=os.environ.get("RACKBILL_SMTP_PASSWORD", ""),
    password_file=os.environ.get("RACKBILL_SMTP_PASSWORD_FILE", ""),
    ca_file=os.environ.get("RACKBILL_SMTP_CA_FILE", ""),
    hello=os.environ.get("RACKBILL_SMTP_EHLO", ""),
    timeout_seconds=_whole("RACKBILL_SMTP_TIMEOUT", 30),
)
SMTP_HOST = os.environ.get("RACKBILL_SMTP_HOST", "127.0.0.1")
SMTP_PORT = _whole("RACKBILL_SMTP_PORT", USUAL_PORTS[SMTP_ACCESS.tls])
# Opens nothing; refuses at the start what would be refused at the first mail.
MailServer(host=SMTP_HOST, port=SMTP_PORT, access=SMTP_ACCESS)
# One folder for each sales organisation (its four digits): brand.toml and the logo.
RACKBILL_BRANDS = Path(os.environ.get("RACKBILL_BRANDS", RACKBILL_HOME / "brands"))
