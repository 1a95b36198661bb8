"""Query parameters of API calls. Each view declares its own; unknown parameters are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api.fields import StrictSerializer
from core.problem_details import Problem


class NoQuery(StrictSerializer):
    """No query parameters."""


class QueryView(APIView):
    """View whose query parameters are validated before it runs."""

    #: Serializer of the parameters by HTTP method. Other methods take none.
    queries: ClassVar[Mapping[str, type[serializers.Serializer[Any]]]] = {}
    #: The validated parameters of this request.
    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = request.method or ""
        if method != "OPTIONS" and hasattr(self, method.lower()):  # Other methods get a 405.
            self.query = read_query(request, self.query_of(method))

    def query_of(self, method: str) -> type[serializers.Serializer[Any]]:
        """Return the serializer class for the query parameters of an HTTP method."""
        return self.queries.get("GET" if method == "HEAD" else method, NoQuery)


def read_query(request: Request, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Return the validated query parameters of a request.

    Raises:
        ValidationError: a parameter is unknown or wrong.
        Problem: 422 `given_twice`.
    """
    given = request.query_params
    if kind is NoQuery and not given:
        return {}
    # It is a plain dictionary because DRF treats empty fields of a QueryDict as missing.
    query = kind(data=given.dict(), context={"now": timezone.now()})
    query.is_valid(raise_exception=True)
    if twice := [name for name, values in given.lists() if len(values) > 1]:
        raise Problem(422, "given_twice", "Give this parameter only once.", twice[0])
    return dict(query.validated_data)
