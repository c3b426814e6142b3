"""A Django site with nothing but dj-stripe, as its manual sets it up; runs in an environment of its own.

`python djstripe_site.py` makes the tables and the webhook's row and prints its path; gunicorn serves
`djstripe_site:application`. DATABASE_* and STRIPE_* in the environment say with what.
"""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.urls import include, path

_DATABASE = urlsplit(os.environ["DATABASE_URL"])

settings.configure(
    DEBUG=False,
    SECRET_KEY="only-for-measurements",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _DATABASE.path.lstrip("/"),
            "USER": _DATABASE.username,
            "PASSWORD": _DATABASE.password,
            "HOST": parse_qs(_DATABASE.query)["host"][0],
            "CONN_MAX_AGE": None,  # kept open: without it every request would pay for a new connection
        }
    },
    STRIPE_LIVE_MODE=False,
    STRIPE_TEST_SECRET_KEY=os.environ["STRIPE_SECRET_KEY"],
    STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django wants its settings first

urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]
application = get_wsgi_application()


def set_up() -> str:
    """Makes the tables and one webhook endpoint; returns the path that Stripe would post to."""
    from django.core.management import call_command
    from djstripe.models import WebhookEndpoint

    call_command("migrate", verbosity=0)
    endpoint = WebhookEndpoint.objects.create(
        id="we_measured",
        livemode=False,
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        url="http://127.0.0.1/",
        status="enabled",
        enabled_events=["*"],
        stripe_data={},
    )
    return f"/stripe/webhook/{endpoint.djstripe_uuid}/"


if __name__ == "__main__":
    print(set_up())
