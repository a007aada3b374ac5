"""One form for each word, however its letters are dressed up."""

import re
import unicodedata

_SIGNS = str.maketrans("013457@$", "oieastas")
_JOINTS = re.compile(r"(?<=[^\W_])[-_.*'](?=[^\W_])")
_HIDDEN = dict.fromkeys(n for n in range(128) if not (chr(n).isprintable() or chr(n).isspace()))


def undressed(text: str) -> str:
    """In small letters, without accents, signs that hide, and other forms of the same letter."""
    if text.isascii():
        return text.translate(_HIDDEN).casefold()
    seen = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in seen if _stays(sign)).casefold()


def spellings(text: str) -> tuple[str, ...]:
    """The text undressed; with letters for the signs that stand for some; and unhyphenated."""
    plain = undressed(text)
    lettered = plain.translate(_SIGNS)
    return plain, lettered, _JOINTS.sub("", lettered)


def _stays(sign: str) -> bool:
    return sign.isspace() or (sign.isprintable() and not unicodedata.combining(sign))
