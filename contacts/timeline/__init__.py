"""One person's whole story, over all channels, in platform time.

What stands in it comes from sources. Whoever keeps something that belongs to a person's story registers a source from
its app's `ready()`; reading asks each for the few rows that may stand on the page, and merges them.
"""
