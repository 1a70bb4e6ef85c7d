"""The encoding of a CSV file: UTF-8 and UTF-16 show themselves, Korean is recognized, any other is asked for.

Files are too short to guess an encoding by the frequency of letters, so whoever brings one chooses it by its words.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from itertools import islice

from datasets.numerals import Note
from spec import N_, Refused

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = {
    "utf-8": N_("Unicode (UTF-8)"),
    "utf-16": N_("Unicode (UTF-16)"),
    "cp949": N_("Korean (CP949, EUC-KR)"),
    "cp932": N_("Japanese (Shift-JIS)"),
    "euc_jp": N_("Japanese (EUC-JP)"),
    "gb18030": N_("Chinese, simplified (GBK)"),
    "big5": N_("Chinese, traditional (Big5)"),
    "cp1252": N_("Western European (Latin-1)"),
    "cp1250": N_("Central European"),
    "cp1251": N_("Cyrillic"),
}
UNICODE = ("utf-8", "utf-16")
# How most Korean syllables are built. Chinese or Japanese text that is read as Korean has many others.
USUAL_VOWELS, USUAL_ENDS = (
    frozenset("ㅏㅐㅑㅓㅔㅕㅗㅘㅚㅛㅜㅝㅟㅠㅡㅢㅣㅖ"),
    frozenset((0, 1, 4, 8, 16, 17, 19, 20, 21)),
)
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
DOUBLED = frozenset((1, 4, 8, 10, 13))  # among the 19 initial consonants


def possible(content: bytes) -> dict[str, str]:
    """Return the encodings in which a file can be read, each with some of its words that are not plain ASCII."""
    if _unicode(content) is not None:
        return {}
    found = {name: _strictly(content, name) for name in ENCODINGS if name != "utf-16"}
    return {name: _words(text) for name, text in found.items() if text is not None}


def _words(text: str, most: int = 4) -> str:
    """Return the first words of a text that are not plain ASCII."""
    words = dict.fromkeys(re.findall(r"\w*[^\x00-\x7f][^\s,;|\"]*", text[:100_000]))
    return ", ".join(word[:20] for word in islice(words, most))


def text(content: bytes, encoding: str) -> tuple[str, list[Note]]:
    """Return a file as text, composed (NFC), so that letters are alike however they were typed."""
    _check_packed(content)
    text, notes = _unicode(content), []
    if encoding and (text is None or encoding not in UNICODE):
        text = _strictly(content, encoding)
        if text is None:
            raise Refused(N_("The file cannot be read in the encoding {name}. Choose another one."), name=encoding)
    elif text is None:
        text = _strictly(content, "cp949")
        if text is None or not _korean(text):
            if not possible(content):
                raise Refused(N_("This is not a text file. Save it as CSV in UTF-8 first."))
            raise Refused(N_("The file is not in UTF-8, and its encoding is uncertain. Choose the encoding that shows "
                             "its words correctly."))  # fmt: skip
        notes.append((N_("The file is not in UTF-8; it was read as Korean (CP949): {value}"), _words(text)))
    return unicodedata.normalize("NFC", text), notes


def _check_packed(content: bytes) -> None:
    """Refuse what is packed: archives, and spreadsheets, which are archives too."""
    if content.startswith(b"PK\x03\x04") and not _spreadsheet(content):
        raise Refused(N_("This is a ZIP archive. Unpack it and upload the CSV file that is in it."))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        text = N_("This is a spreadsheet file or an archive, not a CSV file. Save the table as CSV first.")
        raise Refused(text)
    if content.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ", b"Rar!")):
        raise Refused(N_("This is an archive or a compressed file. Unpack it and upload the CSV file that is in it."))


def _spreadsheet(content: bytes) -> bool:
    """Return whether a ZIP archive is a spreadsheet, or cannot be read."""
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return True
    return "[Content_Types].xml" in names or "mimetype" in names


def _unicode(content: bytes) -> str | None:
    """Return the text of a file in UTF-8 or UTF-16, None for any other or where that is in doubt."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(content, "utf-16")
    text = _strictly(content, "utf-8-sig")
    if text is None and b"\x00" in content:  # UTF-16 without its mark: line ends and delimiters have a zero byte
        both = (_strictly(content, name) for name in ("utf-16-le", "utf-16-be"))
        text = next(
            (one for one in both if one is not None and set("\n\r") & set(one) and {*DELIMITERS, " "} & set(one)), None
        )
    return None if text is not None and _may_be_korean(text, content) else text


def _may_be_korean(text: str, content: bytes) -> bool:
    """Return whether a text in UTF-8 is rather Korean in CP949: "키" has the bytes of the letter Ű.

    Then all its letters that are not ASCII are Latin ones that stand alone, with no ASCII letter beside them.
    """
    letters = {c for c in text if c > "\x7f"}
    if not letters or not all(c < "\u0250" and c.isalpha() for c in letters) or content.startswith(b"\xef\xbb\xbf"):
        return False
    alone = re.search(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", text) is None
    korean = _strictly(content, "cp949") if alone else None
    return korean is not None and _korean(korean)


def _strictly(content: bytes, encoding: str) -> str | None:
    """Return the text in this encoding, None where it does not fit: no table has control or private characters."""
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    odd = any(
        unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") for c in set(text) - set("\t\n\r\x0b\x0c\x1a\x1c\x1f")
    )
    return None if odd else text


def _korean(text: str) -> bool:
    """Return whether a text that was read as CP949 is Korean: syllables built as usual, and no other script."""
    foreign = [c for c in text if c > "\x7f" and unicodedata.category(c).startswith("L")]
    if not foreign or not all("가" <= c <= "힣" for c in foreign):
        return False

    def usual(syllable: str) -> bool:
        initial, rest = divmod(ord(syllable) - ord("가"), 588)
        vowel, end = divmod(rest, 28)
        return initial not in DOUBLED and VOWELS[vowel] in USUAL_VOWELS and end in USUAL_ENDS

    syllables = "".join(set(re.findall("[가-힣]+", text)))  # of each word once
    return sum(map(usual, syllables)) >= 0.85 * len(syllables) and _encodes(syllables)


def _encodes(text: str) -> bool:
    """Return whether the 2,350 syllables of the older standard KS X 1001 are enough for a text, as for most Korean."""
    try:
        text.encode("euc_kr")
    except UnicodeEncodeError:
        return False
    return True
