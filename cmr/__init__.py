"""The person: accounts, contact points, choosing, the consumer's API and portal."""
