"""Requests for drafts as the domain sees them."""

from __future__ import annotations

from uuid import UUID

from assistant.inference.v1 import responses_pb2, sampling_pb2

from inference_svc.drafting.domain.draft import OwnerAction, Status
from inference_svc.drafting.domain.draft_request import DEFAULT_HISTORY, DraftRequest, Sampling, deadline_in
from svc_kit.ids import parse_id

_BECOMES = {
    responses_pb2.ACTION_ACCEPT: Status.ACCEPTED,
    responses_pb2.ACTION_EDIT: Status.EDITED,
    responses_pb2.ACTION_REJECT: Status.REJECTED,
}


def order_of(
    request: responses_pb2.GenerateResponseRequest | responses_pb2.StreamResponseRequest,
    account_id: UUID,
    seconds: float | None,
) -> DraftRequest:
    """The order in a request whose caller waits for `seconds`."""
    once = request.request_id if isinstance(request, responses_pb2.GenerateResponseRequest) else ""
    return DraftRequest(
        account_id=account_id,
        deadline=deadline_in(seconds),
        message_id=_optional_id("message_id", request.message_id),
        conversation_id=_optional_id("conversation_id", request.conversation_id),
        max_history=request.context.max_history or DEFAULT_HISTORY,
        suggestions=request.suggestions or 1,
        instruction=request.instruction.strip(),
        sampling=_sampling(request.sampling),
        skip_cache=request.skip_cache,
        model_id=request.model_id,
        request_id=_optional_id("request_id", once),
    )


def action_of(request: responses_pb2.ActOnResponseRequest) -> OwnerAction:
    """What the owner wants done."""
    return OwnerAction(_BECOMES[request.action], request.edited_response, request.rejection_reason)


def _sampling(options: sampling_pb2.SamplingOptions) -> Sampling:
    # ListFields names what was said, 0 included; what was left out keeps the default.
    return Sampling(**{field.name: value for field, value in options.ListFields()})


def _optional_id(field: str, value: str) -> UUID | None:
    return parse_id(field, value) if value else None
