"""The one error for a request that can't be read: a code, a place, and words for a person."""

from __future__ import annotations

from collections.abc import Mapping

from shenyong import wording


class BadInputError(ValueError):
    """The request's body is not what the protocol says, or holds what can't be passed on.

    `code` is for programs (``duplicate_key``), `param` the place in OpenAI's notation
    (``messages[1].content``, empty for the body as a whole), `key` an entry of the catalogue and
    `params` its placeholders. Neither holds anything that the body held, apart from the names of
    known fields (reliability.md 2.4: errors never echo).
    """

    def __init__(
        self,
        code: str,
        param: str = "",
        key: str = "",
        params: Mapping[str, object] | None = None,
        status: int = 400,
    ):
        self.code, self.param, self.status = code, param, status
        self.key = key or f"bad_input.{code}"
        self.params = {"param": param or "body", **(params or {})}
        super().__init__(f"{code} at {param or 'body'}")

    @property
    def message(self) -> str:
        """What a person reads: zh-TW first, English in parentheses."""
        return wording.both(self.key, **self.params)


BadInput = BadInputError
