"""The desk: what agents see (screens) and do (acts). A view parses, calls one verb, and answers."""
