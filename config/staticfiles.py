"""Static files with their content's hash in the name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage

SELDOM_ASKED_FOR = ("admin/", "drf_spectacular_sidecar/")

OWN_IMPORT = (
    r"""(?P<matched>(?P<import>import\s*(?:[\w{},\s*]+\sfrom\s*)?)["'](?P<url>\./[^"']+)["'])""",
    """%(import)s"%(url)s\"""",
)


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports between our own ES modules.

    Django's own switch for module imports covers every file, and breaks on an import inside a comment of a
    library's file: the patterns here match our folders only.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *((f"{folder}/*.js", (OWN_IMPORT,)) for folder in ("desk", "widget")),
    )

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
        """Compress all but the pages of libraries that few people ever open: they cost more than all the rest."""
        return super().compress_files(path for path in paths if not path.startswith(SELDOM_ASKED_FOR))  # type: ignore[no-any-return]
