"""The durable record: what was seen, what is owed, what was sent, what came back."""
