"""A payment provider to practise with: a process of its own, without real money, that can be told to misbehave."""
