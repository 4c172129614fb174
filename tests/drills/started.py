"""Starts a process of the product with something changed: `python -m tests.drills.started NAMES PROGRAM …`.

NAMES: disturbances and removals of `tests.drills.mends`, comma separated, applied after the apps are loaded and
before the program runs. PROGRAM: a module that is run, as `python -m` does.
"""

from __future__ import annotations

import runpy
import sys

import django

from config import env

env.choose_settings()
django.setup()

from tests.drills.mends import CHANGES  # noqa: E402 - needs the loaded apps

names, program, *arguments = sys.argv[1:]
for name in filter(None, names.split(",")):
    CHANGES[name]()
sys.argv = [program, *arguments]
runpy.run_module(program, run_name="__main__", alter_sys=True)
