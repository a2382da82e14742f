"""What the application server loads."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from rongjun.config.orphans import end_with_server
from rongjun.kernel.crypto import self_test

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongjun.config.settings")
end_with_server()
self_test()  # CR-01: a build whose ciphers are wrong does not serve
application = get_wsgi_application()
get_resolver().url_patterns  # the views, so that no visitor waits for them  # noqa: B018
# What is loaded stays: a collection that walks all of it would hold somebody's page up for nothing.
gc.freeze()
