"""API for imports: create one, upload its parts, start it, and read its progress and errors."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.api.stream_slots import Streamed, slots
from brands.events import publish_task
from brands.models import Brand
from consent import imports
from consent.models import Import
from core.api import Page, StrictSerializer, answer_page, describe_list
from core.json_bodies import upload_limit
from core.problem_details import Problem

TAG = "brand: imports"
FORMS = {"text/csv": "csv", "application/x-ndjson": "ndjson"}
PART = {"type": "integer", "minimum": 1, "maximum": imports.MOST_IMPORT_PARTS}


class ImportRequest(StrictSerializer):
    note = serializers.CharField(
        max_length=300,
        help_text="How these relationships came about. The people will read it. A row's own "
        "`note` has precedence.",
    )
    webhooks = serializers.BooleanField(
        default=False,
        help_text="Whether your webhooks receive an event for each row. If not, the events are "
        "history: they are in the change feed, but do not count as decisions of "
        "today.",
    )


class ImportData(serializers.Serializer[object]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(Import.State.choices)
    note = serializers.CharField()
    webhooks = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    rows = serializers.IntegerField(
        help_text="Rows received. In the end each of them is either applied or bad."
    )
    applied = serializers.IntegerField(help_text="Rows applied so far.")
    bad = serializers.IntegerField(help_text="Rows that were not applied; see `exceptions`.")
    people = serializers.IntegerField(help_text="Relationships that were created.")
    choices = serializers.IntegerField(help_text="Choices that were recorded.")
    unchanged = serializers.IntegerField(help_text="Rows applied that changed nothing.")
    refs_changed = serializers.IntegerField(
        help_text="References that replaced an earlier one, for example because an address "
        "occurs twice."
    )
    lifts_refused = serializers.IntegerField(
        help_text="Grants that were refused because of the person's own no."
    )
    encodings = serializers.ListField(
        child=serializers.CharField(), help_text="Encodings of its parts, without duplicates."
    )
    separators = serializers.ListField(
        child=serializers.CharField(), help_text="Separators of its CSV parts, without duplicates."
    )


class PartQuery(StrictSerializer):
    """Encoding and separator of a part; detected if left out."""

    encoding = serializers.ChoiceField(
        list(imports.ENCODINGS), default="", help_text="Detected if left out."
    )
    separator = serializers.ChoiceField(
        list(imports.SEPARATORS), default="", help_text="Detected if left out."
    )


class PartData(serializers.Serializer[object]):
    number = serializers.IntegerField()
    rows = serializers.IntegerField()
    bad = serializers.IntegerField()
    encoding = serializers.CharField(help_text="Encoding of the part, as given or detected.")
    separator = serializers.CharField(
        help_text="Separator of the part, as given or detected; empty for NDJSON."
    )


class ExceptionData(serializers.Serializer[object]):
    part = serializers.IntegerField()
    row = serializers.IntegerField(
        help_text="Row within the part: 1 is the first one after the headings."
    )
    row_of_all = serializers.IntegerField(
        help_text="Row within all parts, in the order of their numbers."
    )
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


ImportList = describe_list(ImportData)
ExceptionList = describe_list(ExceptionData)


class _Raw(BaseParser):
    """Parser that passes the body on unread."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream


class CsvBody(_Raw):
    media_type = "text/csv"


class NdjsonBody(_Raw):
    media_type = "application/x-ndjson"


class _Imports(BrandView):
    scope: ClassVar[str] = "imports"

    def job(self, import_id: uuid.UUID) -> Import:
        job = Import.objects.filter(brand=self.brand, pk=import_id).first()
        if job is None:
            raise Problem(404, "not_found", "No import with this id.")
        return job


class Imports(_Imports):
    queries = {"GET": Page}

    @extend_schema(operation_id="imports_list", responses=ImportList, tags=[TAG])
    def get(self, request: Request) -> Response:
        """List your imports, newest first."""
        rows = Import.objects.filter(brand=self.brand)
        return answer_page(rows, self.query, by=["-pk"], write=_data)

    @repeatable()
    @extend_schema(request=ImportRequest, responses={201: ImportData}, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Create an import.

        Upload its parts next, then start it.
        """
        body = ImportRequest(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        job = imports.begin_import(
            self.brand, note=said["note"], tells=said["webhooks"], now=timezone.now()
        )
        return Response(_data(job), status=201)


class OneImport(_Imports):
    @extend_schema(operation_id="imports_retrieve", responses=ImportData, tags=[TAG])
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        """Retrieve the progress and the results of an import."""
        return Response(_data(self.job(import_id)))

    @extend_schema(responses={200: ImportData}, tags=[TAG])
    def delete(self, request: Request, import_id: uuid.UUID) -> Response:
        """Cancel an import.

        Rows that are already applied remain. All others are discarded.
        """
        job = imports.cancel_import(self.job(import_id), now=timezone.now())
        return Response(_data(job))


class Part(_Imports):
    parser_classes = (CsvBody, NdjsonBody)
    #: A larger part is read in pieces as it arrives, and occupies a stream slot meanwhile.
    max_body_bytes = staticmethod(upload_limit)
    reads_in_pieces = True
    queries = {"PUT": PartQuery}

    @extend_schema(
        parameters=[OpenApiParameter("number", PART, OpenApiParameter.PATH)],
        request=dict.fromkeys(FORMS, OpenApiTypes.STR),
        responses=PartData,
        tags=[TAG],
    )
    def put(self, request: Request, import_id: uuid.UUID, number: int) -> Response:
        """Upload one part: a whole file of any size, with headings if it is CSV.

        An unreadable part is refused as a whole. Single bad rows are reported, and the others are
        accepted. Uploading the same part again has no effect.
        """
        job = self.job(import_id)
        if not 1 <= number <= imports.MOST_IMPORT_PARTS:
            raise Problem(
                422, "invalid", f"Use a number from 1 to {imports.MOST_IMPORT_PARTS:,}.", "number"
            )
        body = request.data if hasattr(request.data, "read") else io.BytesIO()  # the body was empty
        media = (request.content_type or "").partition(";")[0].strip().lower()
        if media not in FORMS:  # the parsers that would refuse it do not see an empty body
            raise Problem(
                415,
                "unsupported_media_type",
                f"Unsupported media type. Send `Content-Type: {' or '.join(FORMS)}`.",
            )
        with _place_for(request, self.brand):
            part = imports.receive_part(
                job, number, body, form=FORMS[media], now=timezone.now(), **self.query
            )
        return Response(PartData(part).data)


def _place_for(request: Request, brand: Brand) -> AbstractContextManager[None]:
    """Hold a stream slot while a part arrives, so that slow uploads cannot occupy all threads.

    Raises:
        TooManyStreams
    """
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    return slots.held(brand.pk) if length > upload_limit() else nullcontext()


class Start(_Imports):
    @extend_schema(request=None, responses=ImportData, tags=[TAG])
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Start an import after all its parts are uploaded.

        Workers apply it in the background. Retrieve the import for its progress.
        """
        job = imports.start_import(self.job(import_id), now=timezone.now())
        publish_task("consent.apply_imports")
        return Response(_data(job))


class ExceptionsQuery(Page):
    form = serializers.ChoiceField(
        ["csv"],
        required=False,
        help_text="Return all rows as a file. Cannot be combined with `limit` or `cursor`.",
    )

    default_error_messages = {"not_here": "A file has no pages: leave this parameter out."}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        paged = self.initial_data.keys() & {"cursor", "limit"}
        if "form" in attrs and paged:
            self.refuse(min(paged), "not_here")
        return attrs


class Exceptions(_Imports):
    queries = {"GET": ExceptionsQuery}

    @extend_schema(
        operation_id="imports_exceptions",
        responses={
            200: ExceptionList,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "With `form=csv`."),
        },
        tags=[TAG],
    )
    def get(self, request: Request, import_id: uuid.UUID) -> Any:
        """List the rows of an import that were not applied, with the reasons."""
        job = self.job(import_id)
        if "form" in self.query:
            return Streamed(imports.write_problems_csv(job), self.key, form="csv")
        return answer_page(
            imports.list_problems(job),
            self.query,
            by=["pk"],
            write=imports.DescribedProblem(job).describe,
        )


def _data(job: Import) -> dict[str, Any]:
    same = (
        "id state note created_at started_at ended_at rows applied bad people choices unchanged "
        "refs_changed lifts_refused"
    ).split()
    read_as = set(job.parts.values_list("encoding", "separator").distinct())
    return {name: getattr(job, name) for name in same} | {
        "webhooks": job.tells,
        "encodings": sorted({encoding for encoding, _ in read_as if encoding}),
        "separators": sorted({separator for _, separator in read_as if separator}),
    }
