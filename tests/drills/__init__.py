"""Fault drills: real processes are killed under load, and an offline checker counts what became of every message.

    make drill                      every drill
    make drill DRILLS=short         the set that continuous integration runs
    make drill DRILLS=web_killed    one
    make drill DRILLS="short web_killed"  its small edition
    make drill SHARP=1              each drill with its mend removed: it must fail

- ``history``     what clients and platforms saw, one JSON line each
- ``checker``     the laws: a pure function of history, database and the platforms' record
- ``evidence``    reads database and record for the checker
- ``generator``   seeded customers and webhooks: duplicates, reorderings, batches
- ``clients``     the platforms' and the agents' side of the wire; they are never killed
- ``readers``     the change feed and the desk's socket, as their readers use them
- ``relay``       the road to the platforms' doubles, which can be closed, slowed down, and lose answers
- ``past``        a long history as the platforms tell it, in order
- ``dump``        what a brand knows, whatever order it heard it in
- ``ground``      brands, accounts and people of one drill
- ``processes``   web servers, workers, simulator and database, and what kills them
- ``started``     starts a process with disturbances or without a mend
- ``mends``       which mend each drill proves, and how it is removed
"""
