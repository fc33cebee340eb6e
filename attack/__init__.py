"""Attacks that run long: what is inspected is what is sent, our API's own description, evasions."""
