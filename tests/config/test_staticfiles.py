"""What browsers get of our scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from config.staticfiles import COMMENT, OWN_SCRIPTS, without_comments

SCRIPTS = [
    path for folder in OWN_SCRIPTS for path in sorted((settings.ROOT / "static" / folder).glob("*.js"))
]


def test_comments_of_every_form_are_left_out_and_nothing_else() -> None:
    script = (
        "/** A module. */\n\n"
        'import { a } from "./a.js";\n'
        "// why\n"
        'const place = "https://example.com//x"; // stays\n'
        "  /**\n   * @param {string} b\n   */\n"
        "  run(b) {\n    return /** @type {any} */ (b) / 2;\n  }\n"
        "  /** @type {number} */ (c).d();\n"
        "  /** The end. */\n"
    )
    assert without_comments(script) == (
        '\nimport { a } from "./a.js";\n'
        'const place = "https://example.com//x"; // stays\n'
        "  run(b) {\n    return (b) / 2;\n  }\n"
        "  (c).d();\n"
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_of_a_script_is_taken_for_a_comment(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    for comment in COMMENT.finditer(script):
        assert comment.group().count("*/") <= 1
        assert script[: comment.start()].count("`") % 2 == 0, comment.group()
    assert "/**" not in without_comments(script)
