"""What happened to accounts, for the products that stand on them: the feed, and the webhooks that deliver it."""
