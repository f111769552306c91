"""Mail: enqueued in the outbox, written once a server has accepted the recipient, and sent by any worker."""
