"""A streamed answer on its way back: inspected, restored, and ended only after its outcome is kept.

Each text of each choice has its own window; an id or a name comes whole, so it is judged at once.
What a window holds back is said in a chunk of its own before the choice ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from shenyong.gateway.world import OutputJudge
from shenyong.protocols.door import Writer
from shenyong.protocols.openai_answer import Chunk, UpstreamFault, parse_chunk
from shenyong.protocols.sse import Parser, SseError
from shenyong.redaction import Action, OutputWindow, Restorer

_WHOLE = (".id", ".name")


def _plain(chunk: Chunk) -> str | None:
    """The words of a chunk that holds words of one choice and nothing else, as nearly all do."""
    if len(chunk.choices) != 1 or chunk.usage:
        return None
    choice = chunk.choices[0]
    delta = choice.delta
    if choice.finish_reason is not None or not delta.content or delta.role:
        return None
    if delta.refusal or delta.reasoning_content or delta.tool_calls or delta.function_call:
        return None
    return delta.content


class Stopped(Exception):  # noqa: N818 - an event of the stream, not an error
    """The output was stopped; `released` is what may still be said, `like` a chunk to go on."""

    def __init__(self, released: bytes, like: Chunk) -> None:
        super().__init__()
        self.released = released
        self.like = like


class _Field:
    """One text of one choice."""

    def __init__(self, judge: OutputJudge, pseudonyms: Mapping[str, str], channel: str) -> None:
        self.window = OutputWindow(judge.inspect, judge.act)
        json = channel.endswith(".arguments")
        self.restorer = Restorer(pseudonyms, json=json) if pseudonyms else None

    def restored(self, text: str, *, last: bool = False) -> str:
        """The released text with the caller's own values put back."""
        if self.restorer is None:
            return text
        said = self.restorer.feed(text) if text else ""
        return said + self.restorer.finish() if last else said


class Relay:
    """Bytes of a model's stream in, bytes for the client out. Sans I/O.

    `feed` and `quiet` raise `Stopped` when the output is stopped, and UpstreamFault or SseError if
    the model's server sends what can't be read.
    """

    def __init__(
        self,
        judge: OutputJudge,
        pseudonyms: Mapping[str, str],
        model: str,
        writer: Writer,
        *,
        include_usage: bool,
    ) -> None:
        self._judge, self._pseudonyms, self._model = judge, pseudonyms, model
        self._write = writer.chunk
        self._include_usage = include_usage
        self._parser = Parser()
        self._fields: dict[str, _Field] = {}
        self._whole: dict[str, str] = {}
        self._like: Chunk | None = None
        self.open: set[int] = set()
        self._ended: set[int] = set()
        self.done = False
        self.finish: dict[int, str] = {}  # why each choice ended
        self.tokens_in = self.tokens_out = 0

    @property
    def complete(self) -> bool:
        """Whether every choice that began has ended."""
        return self._like is not None and not self.open

    @property
    def holding(self) -> bool:
        """Whether some text is held back."""
        return any(field.window.pending for field in self._fields.values())

    def feed(self, data: bytes) -> bytes:
        """What may be said now. Sets `done` at the end of the model's stream."""
        out: list[bytes] = []
        words: list[str] = []
        last: Chunk | None = None  # of the words that came together
        for event in self._parser.feed(data):
            if event.done:
                self.done = True
                break
            chunk = parse_chunk(event.data, self._model)
            plain = _plain(chunk)
            if plain and last is not None and last.choices[0].index != chunk.choices[0].index:
                self._words(last, words, out)
                last = None
            if plain:
                words.append(plain)
                last = chunk
                continue
            if last is not None:
                self._words(last, words, out)
                last = None
            self._chunk(chunk, out)
        if last is not None:
            self._words(last, words, out)
        if self.done:  # a server may end its stream without ending its choices
            for index in sorted(self.open):
                self._finish(index, {}, out)
        return b"".join(out)

    def _words(self, chunk: Chunk, words: list[str], out: list[bytes]) -> None:
        """Words that came together, in chunks that hold nothing else, as one chunk."""
        choice = chunk.choices[0]
        text = "".join(words)
        words.clear()
        self._like = chunk
        if choice.index not in self._ended:
            self.open.add(choice.index)
        said = self._said(f"choices[{choice.index}].content", text, {}, out)
        if said:
            choice.delta.content = said
            out.append(self._write(chunk))

    def quiet(self) -> bytes:
        """What may be said when nothing has come for a while."""
        said: dict[str, str] = {}
        for channel, field in self._fields.items():
            if not field.window.pending:
                continue
            released = field.window.flush()
            if released.stopped:
                self._stop([], said, channel, field.restored(released.text, last=True))
            if text := field.restored(released.text):
                said[channel] = text
        if not said or self._like is None:
            return b""
        return self._write(self._like.speaking(said))

    def _chunk(self, chunk: Chunk, out: list[bytes]) -> None:
        if any(choice.delta.tool_calls for choice in chunk.choices) and self.holding:
            out.append(self.quiet())  # what was said before a call is written before it
        self._like = chunk
        if chunk.usage:
            self.tokens_in = chunk.usage.prompt_tokens
            self.tokens_out = chunk.usage.completion_tokens
            if not self._include_usage:
                chunk = chunk.without_usage()
                if not chunk.choices:
                    return
        for choice in chunk.choices:
            if choice.index not in self._ended:
                self.open.add(choice.index)
        said: dict[str, str] = {}
        for channel, piece in chunk.texts().items():
            said[channel] = self._said(channel, piece, said, out)
        finished = chunk.finished
        for index in finished:
            self._finish(index, said, out)
        self.finish.update(finished)
        if said:
            chunk = chunk.rewritten(said)
        if not chunk.silent:
            out.append(self._write(chunk))

    def _said(self, channel: str, piece: str, said: Mapping[str, str], out: list[bytes]) -> str:
        if channel.endswith(_WHOLE):
            # Judged whole, so it has to come whole: clients join pieces, and so would a value.
            if piece and self._whole.setdefault(channel, piece) != piece:
                raise UpstreamFault("upstream_malformed")
            found = self._judge.inspect(piece)
            if found and self._judge.act(found) is not Action.PASS:
                self._stop(out, said, channel, "")
            return self._restored_whole(piece)
        field = self._fields.get(channel)
        if field is None:
            field = self._fields[channel] = _Field(self._judge, self._pseudonyms, channel)
        released = field.window.feed(piece)
        if released.stopped:
            self._stop(out, said, channel, field.restored(released.text, last=True))
        return field.restored(released.text)

    def _restored_whole(self, piece: str) -> str:
        if not self._pseudonyms:
            return piece
        restorer = Restorer(self._pseudonyms)
        return restorer.feed(piece) + restorer.finish()

    def _finish(self, index: int, said: dict[str, str], out: list[bytes]) -> None:
        """Say what the windows of a choice still hold, before the choice ends.

        Where its last chunk speaks itself, the rest follows those words (`said`) in that chunk.
        """
        prefix = f"choices[{index}]."
        rest: dict[str, str] = {}
        for channel in [each for each in self._fields if each.startswith(prefix)]:
            field = self._fields.pop(channel)
            released = field.window.finish()
            text = said.get(channel, "") + field.restored(released.text, last=True)
            if released.stopped:
                self._stop(out, {**rest, **said}, channel, text)
            if channel in said:
                said[channel] = text
            elif text:
                rest[channel] = text
        self.open.discard(index)
        self._ended.add(index)
        if rest and self._like is not None:
            out.append(self._write(self._like.speaking(rest)))

    def _stop(self, out: list[bytes], said: Mapping[str, str], channel: str, text: str) -> None:
        like = self._like
        assert like is not None
        spoken = {name: each for name, each in said.items() if each}
        if text:
            spoken[channel] = text
        if spoken:
            out.append(self._write(like.speaking(spoken)))
        raise Stopped(b"".join(out), like)


__all__ = ["Relay", "SseError", "Stopped", "UpstreamFault"]
