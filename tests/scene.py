"""One of everything in a brand, for tests that walk through all routes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.test import Client
from django.utils import timezone

from contacts import merging
from contacts.models import (
    AccessAlert,
    BulkRun,
    Contact,
    ContactAddress,
    ContactIdentity,
    ContactLabel,
    ContactNote,
    CustomField,
    ImportRun,
    Label,
    PersonExport,
    Segment,
    Suggestion,
)
from contacts.privacy import erasing
from conversations.comments.models import AutomaticAnswer, Post
from conversations.models import Attachment, Conversation, InboundRecord, Message, StoredFile
from conversations.templates.models import MessageTemplate
from tenants import channel_apps
from tenants.accounts import digest
from tenants.directory import TenantRef
from tenants.models import (
    Domain,
    Invitation,
    Membership,
    Tenant,
    UnknownAccount,
    UnparsedHook,
    User,
)
from tenants.scope import tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import Member, find_member
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, ApiToken, AuditEntry, BusinessHours, DeadEvent, Team
from tests.conversations.outgoing import a_conversation, an_inbox
from tests.routes import Row

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Scene:
    """ids: what `{name}` in a row stands for, and the ids of routes. tokens: name -> the token itself. in_name: a token
    that acts as the member."""

    tenant: TenantRef
    ids: dict[str, str]
    tokens: dict[str, str]
    in_name: str

    def path(self, row: Row) -> str:
        path = row.route
        for pattern, value in row.fill.items():
            path = path.replace(pattern, value)
        query = f"?{row.query}" if row.query else ""
        for name, value in self.ids.items():
            path = path.replace(f"<uuid:{name}>", value).replace(f"{{{name}}}", value)
            query = query.replace(f"{{{name}}}", value)
        return f"/{path.removeprefix('^').removesuffix('$')}{query}"

    def ask(self, client: Client, row: Row, *, method: str = "", **headers: str) -> Any:
        """The answer to one row; whatever it changed is taken back."""
        text = json.dumps(row.body or {}).replace("{new}", str(uuid4()))
        for name, value in self.ids.items():
            text = text.replace(f"{{{name}}}", value)
        body = json.loads(text)
        content: dict[str, Any] = {"data": body}
        if row.as_json:
            content = {"data": json.dumps(body), "content_type": "application/json"}
        if (method or row.method) == "GET":
            content = {}
        with transaction.atomic():
            answer = getattr(client, (method or row.method).lower())(
                self.path(row), headers=headers, **content
            )
            transaction.set_rollback(True)
        return answer


def furnish(tenant: TenantRef, member: User) -> Scene:
    """Put one of everything into a brand. member: somebody with a membership there, in whose name it is done."""
    with tenant_scope(tenant):
        inbox = an_inbox("line")
        inbox.platform_name = "Harbour @harbour"  # what a check tells: the account has a link of its own
        inbox.base_url = "http://127.0.0.1:9"  # nobody answers there, and nobody else is asked
        inbox.save(update_fields=["platform_name", "base_url"])
        conversation = a_conversation(inbox)
        message = Message.objects.create(
            conversation=conversation,
            inbox=inbox,
            number=2,
            direction="out",
            text="Not sent.",
            author_kind="agent",
            status="failed",
            details={"subject": "Order 711", "html": "<p>Not sent.</p>"},
            sent_at=timezone.now(),
            created_at=timezone.now(),
        )
        conversation.message_count = 2
        conversation.save(update_fields=["message_count"])
        acting = find_member(member)
        assert acting is not None
        read, read_token = tokens.issue("reader", ApiToken.Access.READ, by=acting)
        _write, write_token = tokens.issue("writer", ApiToken.Access.WRITE, by=acting)
        _named, named_token = tokens.issue("in name", ApiToken.Access.WRITE, by=acting, agent=acting.agent)
        ids = {
            "conversation_id": conversation.id,
            "inbox_id": inbox.id,
            "site_id": an_inbox("widget").id,
            "template_id": MessageTemplate.objects.create(
                inbox=inbox,
                name="hello",
                language="en",
                status="approved",
                body="Hello {{1}}",
                changed_at=timezone.now(),
            ).id,
            "post_id": Post.objects.create(inbox=inbox, external_id="post").id,
            "comments/automaticanswer": AutomaticAnswer.objects.create(
                name="price", inbox=inbox, keywords="price", public_text="Look above."
            ).id,
            "message_id": message.id,
            "attachment_id": _an_attachment(message).id,
            "contact_id": conversation.contact_id,
            "segment_id": Segment.objects.create(name="Harbour").id,
            "bulk_id": BulkRun.objects.create(
                kind="put_label", asked_by_kind="agent", asked_by=acting.agent.id, created_at=timezone.now()
            ).id,
            **_of_contact(conversation.contact),
            **_of_privacy(conversation.contact, acting),
            **_of_doubles(conversation, acting.actor),
            "agent": acting.agent.id,
            "workspace/agent": acting.agent.id,
            "workspace/team": Team.objects.create(name=f"Harbour {tenant.slug}").id,
            "workspace/businesshours": BusinessHours.objects.values_list("id", flat=True)[0],
            "workspace/apitoken": read.id,
            "workspace/auditentry": AuditEntry.objects.values_list("id", flat=True)[0],
            "workspace/deadevent": DeadEvent.objects.create(reactor="none", sequence=1, error="broke").id,
            "contacts/contact": conversation.contact_id,
            "conversations/inbox": inbox.id,
            "conversations/inboundrecord": InboundRecord.objects.create(
                inbox=inbox,
                channel="line",
                account_id=inbox.account_id,
                body=b"{",
                state=InboundRecord.State.DEAD,
                received_at=timezone.now(),
            ).id,
        }
        ids["record_id"] = ids["conversations/inboundrecord"]
    ids |= _public_rows(tenant, member)
    return Scene(
        tenant,
        {name: str(value) for name, value in ids.items()},
        {"read": read_token, "write": write_token},
        named_token,
    )


def _of_doubles(conversation: Conversation, by: Actor) -> dict[str, Any]:
    """Somebody who may be the same person, an identity of the person's that may be split off, and a merge."""
    double, merged, survivor = (a_conversation(conversation.inbox) for _ in range(3))
    low, high = sorted((conversation.contact_id, double.contact_id))
    suggestion = Suggestion.objects.create(
        low_id=low,
        high_id=high,
        score=80,
        reasons=[{"kind": "email", "strength": "half"}],
        found_at=timezone.now(),
    )
    identity = ContactIdentity.objects.create(
        contact=conversation.contact, channel="email", address="mei@harbour.test"
    )
    return {
        "double_id": double.contact_id,
        "suggestion_id": suggestion.id,
        "identity_id": identity.id,
        "merge_id": merging.merge(survivor.contact_id, [merged.contact_id], by=by).id,
    }


def _of_privacy(contact: Contact, acting: Member) -> dict[str, Any]:
    """A planned erasing, an export that is not made yet, and an alert."""
    now = timezone.now()
    export = PersonExport.objects.create(
        contact=contact, asked_by=acting.agent.id, created_at=now, expires_at=now + timedelta(days=7)
    )
    alert = AccessAlert.objects.create(agent=acting.agent, contacts=12, limit=10, raised_at=now)
    erasure = erasing.plan(contact, mode="erase", by=acting.actor)
    return {"erasure_id": erasure.id, "export_id": export.id, "alert_id": alert.id}


def _of_contact(contact: Contact) -> dict[str, Any]:
    """One of everything that a brand knows of a customer."""
    label = Label.objects.create(name="Regular")
    ContactLabel.objects.create(contact=contact, label=label)
    field = CustomField.objects.create(key="size", title="Size", type="text")
    return {
        "run_id": ImportRun.objects.create(
            file_name="people.csv",
            format="csv",
            state="done",
            asked_by_kind="system",
            created_at=timezone.now(),
        ).id,
        "label_id": label.id,
        "contacts/label": label.id,
        "field_id": field.id,
        "contacts/customfield": field.id,
        "note_id": ContactNote.objects.create(contact=contact, text="Tea.", created_at=timezone.now()).id,
        "address_id": ContactAddress.objects.create(
            contact=contact, kind="email", value="mei@shop.example", source="form"
        ).id,
    }


def _an_attachment(message: Message) -> Attachment:
    file = StoredFile.objects.create(
        origin=StoredFile.Origin.CUSTOMER,
        name="bill.pdf",
        mime="application/pdf",
        size=1,
        sha256="0" * 64,
        path="nowhere",
        created_at=timezone.now(),
    )
    return Attachment.objects.create(message=message, position=0, kind="file", file=file)


def _public_rows(tenant: TenantRef, member: User) -> dict[str, Any]:
    brand = Tenant.objects.get(id=tenant.id)
    app = channel_apps.create("line", "App", tenant_id=None, secret="signs")
    now = timezone.now()
    return {
        "tenant_id": brand.id,
        "tenants/tenant": brand.id,
        "tenants/agency": brand.agency_id,
        "tenants/plan": brand.plan_id,
        "tenants/user": member.id,
        "tenants/domain": Domain.objects.get(tenant=brand, is_primary=True).id,
        "tenants/membership": Membership.objects.get(user=member, tenant=brand).id,
        "tenants/channelapp": app.id,
        "tenants/unknownaccount": UnknownAccount.objects.create(
            app=app, account_id=tenant.slug, first_seen_at=now, last_seen_at=now
        ).id,
        "tenants/unparsedhook": UnparsedHook.objects.create(app=app, body=b"{", error="broke").id,
        "tenants/invitation": Invitation.objects.create(
            tenant=brand,
            email=f"new@{tenant.slug}.test",
            digest=digest(tenant.slug),
            expires_at=now + timedelta(hours=1),
        ).id,
    }


def token_in_the_name_of(user: User, tenant: TenantRef, access: str, by: User) -> str:
    """A token that acts as the user's agent."""
    with tenant_scope(tenant):
        acting = find_member(by)
        assert acting is not None
        return tokens.issue("named", access, by=acting, agent=Agent.objects.get(user_id=user.id))[1]


def a_removed_member(tenant: TenantRef) -> User:
    """Somebody who was a member once."""
    user = User.objects.create_user("rita@harbour.test", uuid4().hex, name="Rita")
    Membership.objects.create(user=user, tenant_id=tenant.id, role=Membership.Role.ADMIN, is_active=False)
    with tenant_scope(tenant):
        Agent.objects.create(user_id=user.id, name="Rita")
    return user
