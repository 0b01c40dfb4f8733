"""Signs bodies with Slack's own library: secret, timestamp, then the bodies; one signature a line."""

import sys

from slack_sdk.signature import SignatureVerifier

secret, timestamp, *bodies = sys.argv[1:]
verifier = SignatureVerifier(secret)
for body in bodies:
    print(verifier.generate_signature(timestamp=timestamp, body=body))
