"""Checks signatures with Slack's own library: secret, timestamp, body, then the signatures; True or False a line."""

import sys

from slack_sdk.signature import Clock, SignatureVerifier

secret, timestamp, body, *signatures = sys.argv[1:]


class Standing(Clock):
    def now(self) -> float:
        return float(timestamp)


verifier = SignatureVerifier(secret, Standing())
for signature in signatures:
    print(verifier.is_valid(body=body, timestamp=timestamp, signature=signature))
