"""What the application server loads."""

import os

from django.core.wsgi import get_wsgi_application

from rongjun.kernel.crypto import self_test

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongjun.config.settings")
self_test()  # CR-01: a build whose ciphers are wrong does not serve
application = get_wsgi_application()
