"""The consumer's side: accounts, contact points, choices, and the consumer's API and portal."""
