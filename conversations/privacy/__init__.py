"""What becomes of a person's conversations, messages and files, and of what the roads keep of them."""
