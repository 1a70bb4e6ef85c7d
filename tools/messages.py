"""Update the catalogues in locale/ with the messages in the code: `python -m tools.messages`.

A translation is kept with its message, a new message is added without one, and a message that is no longer in the code
is removed. Messages follow the order of the code; dates, line numbers and versions are left out, so that a commit which
changes no message changes no catalogue. `python -m tools.messages de` creates a catalogue in German.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "locale"
# N_ marks a message where it is written, N_n one with a plural form, and _ translates it where it is shown.
KEYWORDS = {"_": None, "N_": None, "N_n": (1, 2)}

HEADER = """\
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


def path(code: str) -> Path:
    """Return the path of the catalogue of a language."""
    return LOCALE / code / "LC_MESSAGES" / "messages.po"


def extract() -> Catalog:
    """Return the messages that are in the code now, without translations."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    template = Catalog()
    for file, line, message, _comments, _context in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        template.add(message, locations=[(file, line)])
    return template


def sources(message: Message) -> list[str]:
    """Return a message in English: its two forms if it depends on a count."""
    return list(message.id) if isinstance(message.id, (list, tuple)) else [str(message.id)]


def forms(message: Message) -> tuple[str, ...]:
    """Return the translation of a message: several texts if it has plural forms."""
    return tuple(message.string) if isinstance(message.string, (list, tuple)) else (message.string or "",)


def updated(code: str, template: Catalog) -> str:
    """Return the text of a language's catalogue, updated with `template`."""
    catalogue = Catalog(locale=code)
    if path(code).exists():
        with path(code).open("rb") as file:
            catalogue = read_po(file, locale=code)
    catalogue.update(template, no_fuzzy_matching=True)
    text = io.BytesIO()
    write_po(text, catalogue, width=0, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return HEADER.format(code=code, plural=get_plural(code).plural_forms) + text.getvalue().decode()


def main(codes: list[str]) -> None:
    """Write the catalogues of these languages, or of all if none is named; exit with an error if one is incomplete."""
    template = extract()
    missing = []
    for code in codes or sorted(file.parents[1].name for file in LOCALE.glob("*/LC_MESSAGES/messages.po")):
        text = updated(code, template)
        path(code).parent.mkdir(parents=True, exist_ok=True)
        path(code).write_text(text, encoding="utf-8")
        empty = [str(message.id) for message in read_po(io.StringIO(text)) if message.id and not all(forms(message))]
        missing += [f"{code}: not translated: {message}" for message in empty]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main(sys.argv[1:])
