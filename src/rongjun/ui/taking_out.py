"""A file for the visitor to take out."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse


def attachment(content: bytes, name: str, *, kind: str) -> HttpResponse:
    """The content as a file of this name, which may be Chinese; `kind` is its media type."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return HttpResponse(content, content_type=kind, headers=headers)
