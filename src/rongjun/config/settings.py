"""Django's settings. What differs between installations comes from the data place and the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rongjun.config.database import django_database
from rongjun.config.place import city, place, project_root

PROFILE = place().profile
DEMO = PROFILE == "demo"
SYNTHETIC = os.environ.get("RONGJUN_SYNTHETIC", "1" if PROFILE != "production" else "0") == "1"
CITY = city()
POLICY_ROOT = project_root() / "policy"
CONTRACTS_ROOT = project_root() / "contracts"
PLACES_ROOT = project_root() / "web" / "dist" / "places"
KEYS_FOLDER = place().keys
FILES_ROOT = place().private("files")
# A clamd at unix:/path or tcp:host:port. Without one, uploads wait unreadable; the demo starts a simulator.
SCANNER = os.environ.get("RONGJUN_SCANNER", "" if PROFILE == "production" else place().scanner_simulator)
# Partners put their files into a folder of their own in here.
DROP_FOLDER = place().root / "drop"
OUT_FOLDER = place().root / "out"
# Only the demo has a fixed second factor; access refuses to start with one in any other profile.
DEMO_SECOND_FACTOR = "246810" if DEMO else ""

SECRET_KEY = place().secret("django")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("RONGJUN_HOSTS", "localhost,127.0.0.1").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("RONGJUN_ORIGINS", "").split(",") if o]
SECURE = PROFILE == "production"

INSTALLED_APPS = [
    "rongjun.ui",  # first: its templates for sign-in stand before those allauth brings
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "csp",
    "rongjun.audit",
    "rongjun.access",
    "rongjun.files",
    "rongjun.partners",
    "rongjun.places",
    "rongjun.registry",
    "rongjun.notices",
    "rongjun.ledger",
    "rongjun.cards",
    "rongjun.benefits",
    "rongjun.allowances",
    "rongjun.insurance",
    "rongjun.desk",
    "rongjun.citizen",
    "rongjun.insight",
    "rongjun.config",
]

MIDDLEWARE = [
    "rongjun.config.machines.ShortWay",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A file with hundreds of reasons shrinks to a tenth. What guesses at secrets by the size of an answer is
    # met twice: the token of a form is masked anew each time, and the middleware adds signs at random.
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "rongjun.config.languages.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rongjun.access.http.SessionLimits",
    "rongjun.access.http.EveryAddressDeclares",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "rongjun.config.urls"
WSGI_APPLICATION = "rongjun.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rongjun.config.pages.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": django_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "access_cache",
        # A full cache drops entries at random, counters of guesses among them; a job clears what has expired.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- who signs in -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "rongjun.access.passwords.PolicyValidator"}]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if PROFILE == "test":  # hundreds of invented accounts a run
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
CITIZEN_LOGIN_URL = "front"
CITIZEN_HOME_URL = "citizen:home"
# The provincial single sign-on (OpenID Connect): the issuer's address, our name and secret there, the scope
# to ask for and the claim with the identity number. The demo starts a simulator.
SSO = {
    "issuer": os.environ.get("RONGJUN_SSO_ISSUER", ""),
    "client": os.environ.get("RONGJUN_SSO_CLIENT", "rongjun"),
    "secret": os.environ.get("RONGJUN_SSO_SECRET", ""),
    "scope": os.environ.get("RONGJUN_SSO_SCOPE", "identity"),
    "claim": os.environ.get("RONGJUN_SSO_CLAIM", "id_number"),
}
SOCIALACCOUNT_ADAPTER = "rongjun.access.sso.SocialAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 4
ACCOUNT_ADAPTER = "rongjun.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# A whole station shares one address. "login_failed" counts wrong codes of the second factor (ID-07).
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "5/15m/key"}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_ADAPTER = "rongjun.access.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "rongjun.access.adapters.SecondFactorForm",
    "reauthenticate": "rongjun.access.adapters.AgainCodeForm",
    "activate_totp": "rongjun.access.adapters.EnrolCodeForm",
    "login_webauthn": "rongjun.access.adapters.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_TOTP_ISSUER = "荣军"
MFA_TOTP_TOLERANCE = 1
# ID-04 of the checklist: five failures lock for fifteen minutes, per account; allauth limits each source.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "rongjun.access.http.counted_as"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login"]
AXES_RESET_ON_SUCCESS = True
# Tries during the lock are refused unseen; counting them would let anybody keep an account locked for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "rongjun.access.http.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# SE-02: idle and absolute limits in seconds, by kind of account; access.http.SessionLimits enforces them.
SESSION_LIMITS = {"staff": (15 * 60, 12 * 3600), "citizen": (30 * 60, 24 * 3600)}
SESSION_COOKIE_AGE = 24 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "rongjun.config.pages.csrf_failed"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        # A form of ours may end at the province's sign-in and nowhere else.
        "form-action": ["'self'", *([SSO["issuer"]] if SSO["issuer"] else [])],
        "frame-ancestors": ["'none'"],
    }
}

# --- personal information -----------------------------------------------------------------------------------
# Assessors' custom rather than law, so settings: days for an answer (PI-07), days of quiet after a no
# (PI-05), people one may take out alone (AC-07), hours an approved list stays open (DI-04).
RIGHTS_DAYS = 30
CONSENT_QUIET_DAYS = 90
EXPORT_ALONE = 100
EXPORT_OPEN_HOURS = 24
# Days that are neither law nor in the data map but our own choice: 待局方确认.
RETENTION_DAYS = {"refused-originals": 180, "quarantined-contents": 90, "unlinked-papers": 180}

# --- supervision --------------------------------------------------------------------------------------------
# 待局方确认: days before a date that make a light amber, days the city has for a check, days a check holds.
SUPERVISION_SOON_DAYS = 3
SUPERVISION_CHECK_DAYS = 10
SUPERVISION_FRESH_DAYS = 365
# How long an operator has, from the check of its statement, to agree or dispute (days; 待局方确认).
SETTLEMENT_DISPUTE_DAYS = 5
# The fund that pays operators, the bank that carries it out and the layout agreed with it (待局方确认).
SETTLEMENT_FUND = "card-uses"
SETTLEMENT_BANK = os.environ.get("RONGJUN_SETTLEMENT_BANK", "paying-bank")
SETTLEMENT_LAYOUT = "agent-bank-separated/1"

# --- allowances ---------------------------------------------------------------------------------------------
# Rates marked 虚构 pay in the demo and in benches, and nowhere else: "left-out" or "paid".
ALLOWANCES_FICTIONAL = "paid" if DEMO else "left-out"
# By who bears a share (中央、省、市、区县) the fund of the ledger it leaves; "" where no order says who does.
# The bank that pays and the layout agreed with it (all of it 待局方确认).
ALLOWANCES_FUNDS = {
    "": "allowance-city",
    "central": "allowance-central",
    "province": "allowance-province",
    "city": "allowance-city",
    "county": "allowance-county",
}
ALLOWANCES_BANK = "paying-bank"
ALLOWANCES_LAYOUT = "agent-bank-separated/1"
# --- insurance ----------------------------------------------------------------------------------------------
# The plan's fund, what is owed to members, where premiums come from; who pays out and how (待局方确认).
INSURANCE_FUND = "insurance.fund"
INSURANCE_PAYABLE = "insurance.payable"
INSURANCE_PREMIUM = "insurance.premium"
INSURANCE_BANK = "paying-bank"
INSURANCE_LAYOUT = "agent-bank-separated/1"
INSURANCE_BATCH = 2000
INSURANCE_INSURER = "insurer"

# --- uses ---------------------------------------------------------------------------------------------------
# 待局方确认: days after which a use comes too late, the day of the next month on which a month is closed.
USES_LATE_DAYS = 120
USES_MONTH_CLOSES_ON = 10
# What of a card's day is put before an officer: faster than this over more than this, and more than so many.
USE_SIGNALS = {"fastest_kmh": 120, "near_km": 3, "places_a_day": 10, "uses_a_day": 20}
# Whole months single uses are kept after theirs; then the signed aggregate stays (待局方确认). At least 3.
USES_KEPT_MONTHS = int(os.environ.get("RONGJUN_USES_KEPT_MONTHS", "36"))
ELIGIBILITY_DAYS = 31  # for how long a yes to an operator holds (待局方确认)
CLOSED_MONTHS = place().private("closed")

# --- messages -----------------------------------------------------------------------------------------------
# The gateways messages leave by: address "" where there is no agreement. The demo starts simulators.
NOTICE_GATEWAYS: dict[str, dict[str, Any]] = {
    "sms": {
        "url": os.environ.get("RONGJUN_SMS_URL", ""),
        "secret": os.environ.get("RONGJUN_SMS_SECRET", ""),
        "simulated": os.environ.get("RONGJUN_SMS_SIMULATED", "0") == "1",
    },
    "wechat": {
        "url": os.environ.get("RONGJUN_WECHAT_URL", ""),
        "appid": os.environ.get("RONGJUN_WECHAT_APPID", ""),
        "secret": os.environ.get("RONGJUN_WECHAT_SECRET", ""),
        "token": os.environ.get("RONGJUN_WECHAT_TOKEN", ""),
        "template": os.environ.get("RONGJUN_WECHAT_TEMPLATE", ""),
        "simulated": os.environ.get("RONGJUN_WECHAT_SIMULATED", "0") == "1",
    },
}
# 待局方确认: hours of the evening and the morning between which nothing is sent that is not urgent, hours a
# receipt is waited for. The same hour twice is no quiet at all: in the demo somebody may look on at night.
NOTICE_QUIET = (
    os.environ.get("RONGJUN_QUIET_FROM", "00:00" if DEMO else "21:00"),
    os.environ.get("RONGJUN_QUIET_UNTIL", "00:00" if DEMO else "08:00"),
)
NOTICE_RECEIPT_HOURS = 24

# --- files and words ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [project_root() / "src" / "rongjun" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [folder for folder in [project_root() / "web" / "dist"] if folder.exists()]
STATIC_ROOT = Path(os.environ.get("RONGJUN_STATIC", place().root / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PROFILE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = PROFILE == "test"
# A roster workbook of 10,000 rows is about 1 MB; 20 MB is the largest upload any page takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
LARGEST_UPLOAD = 20 * 1024 * 1024
# An upload stays in memory until it is sealed: in the clear it never touches the disk. What is larger than
# anything we take does, until it is refused, in a folder that is swept.
FILE_UPLOAD_MAX_MEMORY_SIZE = LARGEST_UPLOAD + 1024 * 1024
FILE_UPLOAD_TEMP_DIR = place().private("files/incoming")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A refusal is an event in the evidence chain, not a traceback on the operator's screen.
    "loggers": {"django.request": {"level": "ERROR"}},
}
# A whole station shares one address: locking by account is ID-04, each source is rate-limited by allauth.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
