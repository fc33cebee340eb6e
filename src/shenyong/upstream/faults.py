"""The three ways in which a model can't be asked. None of them carries text of the answer."""

from __future__ import annotations


class UpstreamError(Exception):
    """The model could not be asked to the end. `model` is its id in the registry."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(f"{model}: {reason}")


class UpstreamTimeoutError(UpstreamError):
    """It took longer than the deadline: to connect, to the next bytes, or in all."""


class UpstreamRefusedError(UpstreamError):
    """No connection, or no key to open one with: the request did not reach the model."""


class UpstreamLapsedError(UpstreamError):
    """It was not sent: what was decided upon no longer holds."""


class UpstreamBrokenError(UpstreamError):
    """The answer broke off, was too large, or can't be read as HTTP."""
