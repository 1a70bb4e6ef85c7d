"""Files that browsers send: Streamlit keeps what a session sends until it ends; here it is bounded, and in memory.

A session needs the file that its dialog has open. A program could send any number of them under names of its own.
"""

from __future__ import annotations

import functools
from typing import Any

from starlette.formparsers import MultiPartParser
from streamlit import runtime
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from spec.limits import allowed

FILES = 2  # that a session holds: the one in the dialog, and the one that takes its place


@functools.cache
def bound() -> None:
    """Bound what sessions may send to this server from now on; the first page of a server asks for it."""
    # Above this size Starlette would write an upload to a temporary file; what is larger than the limit is refused.
    MultiPartParser.spool_max_size = (allowed().upload + 1) * 2**20
    if runtime.exists():  # not in a test without a server
        limit(runtime.get_instance().uploaded_file_mgr)


def limit(manager: Any) -> None:
    """Let a manager keep only the newest files of each session."""
    add, remove_all = manager.add_file, manager.remove_session_files
    sent: dict[str, list[str]] = {}

    def add_file(session_id: str, file: UploadedFileRec) -> None:
        names = [name for name in sent.get(session_id, []) if name != file.file_id]
        for name in names[: 1 - FILES]:
            manager.remove_file(session_id, name)
        sent[session_id] = [*names[1 - FILES :], file.file_id]
        add(session_id, file)

    def remove_session_files(session_id: str) -> None:
        sent.pop(session_id, None)
        remove_all(session_id)

    manager.add_file = add_file
    manager.remove_session_files = remove_session_files
