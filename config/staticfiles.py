"""Static files with their content's hash in the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.core.files import File
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

SELDOM_ASKED_FOR = ("admin/", "drf_spectacular_sidecar/")

OWN_SCRIPTS = ("desk", "widget")
COMMENT = re.compile(
    r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n"  # of a class, a method, a module
    r"|^[ \t]*//[^\n]*\n"
    r"|/\*\* @type [^*]*\*/ ?",  # of an expression
    re.DOTALL | re.MULTILINE,
)
OWN_IMPORT = (
    r"""(?P<matched>(?P<import>import\s*(?:[\w{},\s*]+\sfrom\s*)?)["'](?P<url>\./[^"']+)["'])""",
    """%(import)s"%(url)s\"""",
)


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports between our own ES modules, and leaves out their comments: a fifth of what is loaded.

    Django's own switch for module imports covers every file, and breaks on an import inside a comment of a
    library's file: the patterns here match our folders only.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *((f"{folder}/*.js", (OWN_IMPORT,)) for folder in OWN_SCRIPTS),
    )

    def _save(self, name: str, content: File[bytes]) -> str:
        if name.endswith(".js") and name.startswith(tuple(f"{folder}/" for folder in OWN_SCRIPTS)):
            content.seek(0)  # its hash may have been taken
            content = ContentFile(without_comments(content.read().decode()).encode())
        return super()._save(name, content)  # type: ignore[no-any-return]

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
        """Compress all but the pages of libraries that few people ever open: they cost more than all the rest."""
        return super().compress_files(path for path in paths if not path.startswith(SELDOM_ASKED_FOR))  # type: ignore[no-any-return]


def without_comments(script: str) -> str:
    """A script of ours as browsers get it. No text of ours that goes over several lines holds what looks like one."""
    return COMMENT.sub("", script)
