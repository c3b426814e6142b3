"""Sets one paper in a process of its own: reads JSON from standard input, writes the PDF to standard output.

Typst keeps what it has laid out for the next time (tens of megabytes after a few papers), so a process that lives
long would grow; this one ends with its paper. It imports nothing of the product and starts in some 40 ms.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import typst

HERE = Path(__file__).parent
MEMORY_BYTES_MAX = 2_000_000_000  # address space, of which a long paper really uses some 150 MB
CPU_SECONDS_MAX = 20
NICENESS = 15  # of 19, the most patient


def main() -> None:
    """Files go into a folder of their own, which is all that the layout can read."""
    _limit()
    order = json.loads(sys.stdin.buffer.read())
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HERE / "fonts")]
    )
    with tempfile.TemporaryDirectory(prefix="crm-paper-") as folder:
        shutil.copy(HERE / "layout" / "paper.typ", folder)
        Path(folder, "paper.json").write_text(json.dumps(order["paper"]), encoding="utf-8")
        for name, content in order["files"].items():
            Path(folder, name).write_bytes(base64.b64decode(content))
        compiler = typst.Compiler(str(Path(folder, "paper.typ")), root=folder, font_paths=fonts)
        sys.stdout.buffer.write(_set(compiler, order["made_at"]))


def _limit() -> None:
    """Money goes first: a paper takes what the other processes leave, so that a burst of receipts does not keep
    invoices waiting. The kernel ends one that would take too much, where it can be told so."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))


def _set(compiler: typst.Compiler, made_at: int) -> bytes:
    """As PDF/UA-1. That standard refuses a character that no font of ours has: such a paper is tagged all the
    same, shows a box for the character, and does not claim the standard."""
    try:
        made = compiler.compile(format="pdf", timestamp=made_at, pdf_standards=["ua-1"])
    except typst.TypstError as error:
        if "could not be displayed with" not in str(error):
            raise
        made = compiler.compile(format="pdf", timestamp=made_at)
    if not isinstance(made, bytes):
        raise TypeError("typst made no PDF")
    return made


if __name__ == "__main__":
    main()
