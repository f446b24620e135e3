"""Text, pairs, chats and ids -> Tokens."""
