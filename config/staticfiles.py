"""Static files with their content's hash in the name."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

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
