"""Plain bytes packed in pieces that may lie in any order, for each begins with an empty window."""

from typing import TYPE_CHECKING, NamedTuple

from isal import isal_zlib

if TYPE_CHECKING:
    from snapper.engines.listing import Part

# Level 1 keeps up with pg_dump on one core and packs better than zlib's own level 1.
_LEVEL = 1


class Packed(NamedTuple):
    """A piece of raw deflate: of how many plain bytes, with which CRC-32, and what begins in it.

    `begins` has for each part that begins in it the place in the piece. One that is not `whole`
    goes on in the next piece of the same packer, and nothing may come between the two.
    """

    texts: tuple[bytes, ...]
    size: int
    plain: int
    crc: int
    begins: tuple[tuple["Part", int], ...]
    whole: bool


class Packer:
    """Packs what is added, until it is taken."""

    def __init__(self) -> None:
        self._deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
        self._texts: list[bytes] = []
        self._begins: list[tuple[Part, int]] = []
        self._plain = self._crc = 0
        self._fresh = True
        self.size = 0
        self.is_open = False
        """Whether a piece was taken that is not whole."""

    def begin(self, part: "Part") -> None:
        """Note that a part begins; what comes refers to nothing that came before."""
        self._begin_anew()
        self._begins.append((part, self.size))

    def add(self, text: bytes) -> None:
        """Pack some more."""
        self._plain += len(text)
        self._crc = isal_zlib.crc32(text, self._crc)
        self._keep(self._deflate.compress(text))
        self._fresh = self._fresh and not text

    def take(self, *, whole: bool) -> Packed:
        """Give what was packed since the last piece: all of it, or what is ready by now."""
        if whole:
            self._begin_anew()
        texts, begins = tuple(self._texts), tuple(self._begins)
        taken = Packed(texts, self.size, self._plain, self._crc, begins, whole)
        self._texts, self._begins = [], []
        self.size = self._plain = self._crc = 0
        self.is_open = not whole
        return taken

    def _begin_anew(self) -> None:
        if not self._fresh:
            self._keep(self._deflate.flush(isal_zlib.Z_FULL_FLUSH))
            self._fresh = True

    def _keep(self, packed: bytes) -> None:
        if packed:
            self._texts.append(packed)
            self.size += len(packed)
