import pathlib

import pytest

from tests.house.citizens import age_sign_in
from tests.house.scene import CITIZEN, visitor
from tests.house.test_query_counts import pages, questions


@pytest.mark.django_db
def test_counts(scene):
    staff, citizen = visitor("city"), visitor(CITIZEN)
    pathlib.Path("/tmp/cit/counts").write_text(
        "\n".join(
            f"{n}: {len(questions(citizen if n.startswith('citizen:') else staff, u))}"
            for n, u in pages(scene).items()
        )
    )


@pytest.mark.django_db
def test_age(scene):
    c = visitor(CITIZEN)
    r = c.get("/accounts/2fa/passkeys/add/")
    print(r.status_code, dict(c.session))
    age_sign_in(c, seconds=600)
    print(dict(c.session))
    r = c.get("/accounts/2fa/passkeys/add/")
    print(r.status_code, dict(c.session))
    assert 0
