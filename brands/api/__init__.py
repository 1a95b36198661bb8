"""The brand's doors to its own stream, webhooks and catalogue."""
