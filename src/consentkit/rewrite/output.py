"""What leaves the rewriter: the chunk in hand, with its edits."""

from __future__ import annotations


class Output:
    """Collects edits of one chunk at a time; untouched stretches are copied once, an untouched chunk not at all."""

    __slots__ = ("_chunk", "_edits", "_gone", "_offset", "_pieces", "_sent")

    def __init__(self, edits: list[tuple[int, bytes, int]] | None) -> None:
        #: (offset in the input, inserted, number of bytes left out), when somebody wants to know.
        self._edits = edits
        self._chunk = b""
        self._offset = 0  # of the chunk in the input
        self._gone = 0  # bytes of the chunk that are in `_pieces` already, or left out
        self._sent = 0  # bytes of the input that went by `put`
        self._pieces: list[bytes] = []

    def take(self, chunk: bytes) -> None:
        self._chunk = chunk
        self._gone = 0
        self._pieces = []

    @property
    def chunk(self) -> bytes:
        """The chunk in hand."""
        return self._chunk

    def position(self, at: int) -> int:
        """Where a place in the chunk is in the input."""
        return self._offset + at

    def insert(self, at: int, inserted: bytes) -> None:
        """Positions never go backwards."""
        if inserted:
            self._pieces += self._chunk[self._gone : at], inserted
            self._gone = at
            if self._edits is not None:
                self._edits.append((self._offset + at, inserted, 0))

    def drop(self, start: int, end: int) -> None:
        self._pieces.append(self._chunk[self._gone : start])
        self._gone = end
        self._note(self._offset + start, b"", end - start)

    def give(self, until: int) -> bytes:
        """What can go out of the chunk, of which the first `until` bytes are done with."""
        chunk, gone, pieces = self._chunk, self._gone, self._pieces
        self._offset += until
        self._chunk, self._pieces = b"", []  # a slow client must not make us keep what has gone
        if not pieces:
            return chunk[gone:until]  # bytes give themselves when all of them are asked for
        # After the last edit comes most of the page, when things are only inserted: one copy of it is enough.
        return b"".join((*pieces, memoryview(chunk)[gone:until]))

    def pass_by(self, data: bytes) -> None:
        """This part of the input has gone out as it is."""
        self._offset += len(data)

    def flush(self, until: int) -> None:
        """What comes before is done with; the bytes from here on go out by `put`."""
        if self._gone < until:
            self._pieces.append(self._chunk[self._gone : until])
            self._gone = until

    def skip(self, until: int) -> None:
        """The bytes up to here went out by `put`, or will."""
        self._gone = until

    def start_putting(self, at: int) -> None:
        """The first byte that is put lies here in the chunk."""
        self._sent = self._offset + at

    def put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._sent += len(piece)

    def put_inserted(self, inserted: bytes) -> None:
        self._pieces.append(inserted)
        self._note(self._sent, inserted, 0)

    def _note(self, offset: int, inserted: bytes, left_out: int) -> None:
        if self._edits is not None:
            self._edits.append((offset, inserted, left_out))
