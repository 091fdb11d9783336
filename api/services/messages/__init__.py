"""Messages: who is told of what, in the app at once, and by e-mail and robots through the outbox."""
