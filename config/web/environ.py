"""Build Django's WSGI environment (PEP 3333) from an ASGI request."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

#: Django reads these two without the `HTTP_` prefix of the other headers.
WITHOUT_PREFIX = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
CONSTANT: Mapping[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def build_environ(scope: Mapping[str, Any], body: Any, *, request_id: str = "") -> dict[str, Any]:
    """Return the environment of a request whose body is *body*, a readable file.

    A *request_id* replaces the header.
    """
    host, port = scope["server"]
    environ = {
        **CONSTANT,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"].encode(errors="surrogatepass").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
    }
    for name, value in scope["headers"]:
        _add_header(environ, name, value.decode("latin-1"))
    if request_id:
        environ["HTTP_X_REQUEST_ID"] = request_id
    return environ


def _add_header(environ: dict[str, Any], name: bytes, value: str) -> None:
    # `X_Forwarded_For` would get the name of `X-Forwarded-For`, and so bypass the proxy's own.
    if b"_" in name:
        return
    key = WITHOUT_PREFIX.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if key not in environ:
        environ[key] = value
    elif name not in WITHOUT_PREFIX:  # of two lengths the first counts, as for the web server
        environ[key] += ("; " if name == b"cookie" else ",") + value
