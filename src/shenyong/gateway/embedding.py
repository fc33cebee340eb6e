"""The way back of an embedding: numbers only, checked, recorded, and then released."""

from __future__ import annotations

from shenyong.gateway.answering import Step, failed, record, unanswered
from shenyong.gateway.commands import Answered, Call, Reply
from shenyong.gateway.ledgering import Ending
from shenyong.gateway.outgoing import Outgoing, with_headers
from shenyong.gateway.world import World
from shenyong.ledger import OutcomeKind
from shenyong.protocols.embeddings import vectors
from shenyong.protocols.failure import Failure
from shenyong.protocols.openai_answer import UpstreamFault
from shenyong.protocols.rendered import JSON_TYPE

PATH = "/embeddings"
"""Where a model's server is asked, below its base URL."""


def embed(outgoing: Outgoing, world: World) -> Step:
    """Call the model for vectors. They hold no words, so there is nothing to inspect in them."""
    came = yield Call(outgoing.target, outgoing.body, PATH, outgoing.under)
    if not isinstance(came, Answered) or came.status != 200:
        return (yield from unanswered(came, outgoing, world))
    try:
        body, tokens = vectors(came.body, outgoing.exchange.model)
    except UpstreamFault:
        yield record(outgoing, Ending(OutcomeKind.UPSTREAM_ERROR, status=came.status))
        return failed(outgoing, Failure.UPSTREAM_FAULT)
    digester = world.digesters[outgoing.case.asked.caller.key.agency]
    ending = Ending(
        OutcomeKind.ANSWERED,
        status=came.status,
        answer=digester.body(body),
        delivered=len(body),
        tokens_in=tokens,
    )
    yield record(outgoing, ending)
    return Reply(200, (JSON_TYPE, *with_headers(outgoing)), body)
