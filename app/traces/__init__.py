"""Traces with OpenTelemetry. Only these modules import its packages, and only extra.py imports these."""
