"""A small Django site that signs its people in with mozilla-django-oidc: / tells who is there. `python django_site.py ISSUER ID SECRET PORT`."""

import json
import os
import sys
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings

ISSUER, CLIENT_ID, SECRET, PORT = sys.argv[1:]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="a key for one test",
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    OIDC_RP_CLIENT_ID=CLIENT_ID,
    OIDC_RP_CLIENT_SECRET=SECRET,
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid email profile",
    OIDC_USE_PKCE=True,
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}.well-known/jwks.json",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}oauth/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}userinfo",
    OIDC_STORE_ID_TOKEN=True,
    LOGIN_REDIRECT_URL="/",
    LOGIN_REDIRECT_URL_FAILURE="/failed",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 — Django must be set up first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402


def who(request: HttpRequest) -> HttpResponse:
    user: Any = getattr(request, "user", None)
    told = {"email": user.email if user.is_authenticated else None, "failed": request.path == "/failed"}
    return HttpResponse(json.dumps(told), content_type="text/plain")


urlpatterns = [path("", who), path("failed", who), path("oidc/", include("mozilla_django_oidc.urls"))]


class Listening(WSGIServer):
    """A database in memory belongs to one thread, which this server has."""


call_command("migrate", verbosity=0)
with make_server("127.0.0.1", int(PORT), get_wsgi_application(), server_class=Listening) as server:
    print(f"http://127.0.0.1:{PORT}", flush=True)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 — its log of requests is nobody's
    server.serve_forever()
