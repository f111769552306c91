"""A stand-in for PayPal: its Orders API and its pages, as the tests know them, too."""
