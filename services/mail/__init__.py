"""Mail: owed in the outbox, written when a server has accepted the recipient, and sent by whichever worker."""
