"""Limits for uploaded files, which Streamlit keeps in memory until the session ends.

A session needs only the file that is open in its dialog, but a program could upload any number of files.
"""

from __future__ import annotations

import functools
from typing import Any

from starlette.formparsers import MultiPartParser
from streamlit import runtime
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from spec.limits import allowed

FILES = 2  # per session: the one in the dialog, and the one that replaces it


@functools.cache
def bound() -> None:
    """Limit the uploads of all sessions from now on; called once, by the first page that the server shows."""
    # Starlette writes uploads above this size to temporary files; it is above the upload limit, so none is.
    MultiPartParser.spool_max_size = (allowed().upload + 1) * 2**20
    if runtime.exists():  # false in a test without a server
        limit(runtime.get_instance().uploaded_file_mgr)


def limit(manager: Any) -> None:
    """Make a manager keep only the newest files of each session."""
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
