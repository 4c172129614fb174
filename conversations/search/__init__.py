"""Finding what was said: one box with words and operators, over messages, conversations and contacts."""
