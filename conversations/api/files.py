"""Files: taken for an answer, and read where a message has them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import gates
from conversations.files import links, uploads
from conversations.files.limits import FileRefused
from conversations.models import StoredFile
from tenants.workspace.access import Permission
from tenants.workspace.problems import Problem
from tenants.workspace.rest import BrandView, NoQuery

_MULTIPART = "multipart/form-data"


class FileQuery(serializers.Serializer):
    name = serializers.CharField(required=False, default="", max_length=1000, help_text="The file's name.")


class FileRow(serializers.Serializer):
    id = serializers.UUIDField(help_text="For `files` of an answer, within 23 hours.")
    name = serializers.CharField()
    mime = serializers.CharField(help_text="Told by the content.")
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class StoredFileRow(FileRow):
    id = serializers.UUIDField()
    url = serializers.URLField(help_text="Where its bytes are, without a token, until `expires_at`.")
    thumbnail_url = serializers.CharField(help_text="Of a small JPEG; empty where there is none.")
    expires_at = serializers.DateTimeField()


class Files(BrandView):
    """Files that are to be sent."""

    write_permission = Permission.REPLY

    @extend_schema(
        operation_id="files_create",
        parameters=[OpenApiParameter("name", str, description="The file's name, where the body is raw.")],
        request={
            "application/octet-stream": OpenApiTypes.BINARY,
            _MULTIPART: {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
        },
        responses={201: FileRow},
        description=(
            "The bytes as the body, or as the part `file` of a form. At most 50 MB; 409 `storage_full` when the "
            "brand's plan leaves no room."
        ),
    )
    def post(self, request: Request) -> Response:
        name = self.query(FileQuery)["name"]
        try:
            file = self._take(request._request, name)
        except FileRefused as refusal:
            status = {"file_too_large": 413, "storage_full": 409}.get(refusal.code, 400)
            raise Problem(status, refusal.code, "The file was not taken.") from None
        except (MultiPartParserError, UnreadablePostError):
            raise Problem(400, "bad_form", "The form cannot be read.") from None
        return Response(_row(file), status=201)

    def _take(self, request: Any, name: str) -> StoredFile:
        by, mime = self.caller.actor, request.content_type or ""
        if mime != _MULTIPART:
            return uploads.take(request, name, by=by, mime=mime, capabilities=None)
        part = request.FILES.get("file")
        if part is None:
            raise FileRefused("file_empty")
        return uploads.take(
            part, name or part.name or "", by=by, mime=part.content_type or "", capabilities=None
        )


class OneAttachment(BrandView):
    """The file of an attachment."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="attachments_read",
        responses=StoredFileRow,
        description="404 as well while it is being fetched, and where it could not be.",
    )
    def get(self, request: Request, attachment_id: UUID) -> Response:
        self.query(NoQuery)
        file = gates.access_attachment(self.caller, attachment_id).file
        if file is None or file.state != StoredFile.State.STORED:
            raise Http404
        return Response({**_row(file), **_addresses(request, file)})


def _addresses(request: Any, file: StoredFile) -> dict[str, Any]:
    life = links.life_for(file.mime)
    thumbnail = ""
    if file.thumbnail_path:
        thumbnail = links.address_of(file, request.tenant, life=life, thumbnail=True)
    return {
        "url": links.address_of(file, request.tenant, life=life),
        "thumbnail_url": thumbnail,
        "expires_at": timezone.now() + life,
    }


def _row(file: StoredFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in map(str, FileRow().fields)}
