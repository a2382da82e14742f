"""What the application server loads."""

import os

from django.core.wsgi import get_wsgi_application

from rongjun.config.orphans import end_with_server
from rongjun.kernel.crypto import self_test

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongjun.config.settings")
end_with_server()
self_test()  # CR-01: a build whose ciphers are wrong does not serve
application = get_wsgi_application()
