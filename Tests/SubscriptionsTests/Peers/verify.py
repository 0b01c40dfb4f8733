"""Checks messages with the libraries that receivers use; one line of JSON in, one word for each library out.

Each line has `body`, `headers` and `secret`. Both libraries refuse what is older than five minutes. Neither knows
Ed25519: lines that name a `public_key` are checked by the openssl program.
"""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import standardwebhooks
import svix.webhooks

# What stands before a raw Ed25519 key in its DER form (RFC 8410).
DER = bytes.fromhex("302a300506032b6570032100")


def symmetric(line: dict) -> str:
    words = []
    for library in (standardwebhooks.Webhook, svix.webhooks.Webhook):
        try:
            library(line["secret"]).verify(line["body"], line["headers"])
            words.append("valid")
        except (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError):
            words.append("invalid")
    return " ".join(words)


def asymmetric(line: dict) -> str:
    headers = line["headers"]
    signed = ".".join([headers["webhook-id"], headers["webhook-timestamp"], line["body"]]).encode()
    key = base64.b64decode(line["public_key"].removeprefix("whpk_"))
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "key").write_bytes(DER + key)
        (folder / "message").write_bytes(signed)
        for entry in headers["webhook-signature"].split(" "):
            scheme, _, signature = entry.partition(",")
            if scheme != "v1a":
                continue
            (folder / "signature").write_bytes(base64.b64decode(signature))
            command = [
                "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key", "-rawin",
                "-in", folder / "message", "-sigfile", folder / "signature",
            ]
            if subprocess.run(command, capture_output=True).returncode == 0:
                return "valid"
    return "invalid"


for text in Path(sys.argv[1]).read_text().splitlines():
    line = json.loads(text)
    print(asymmetric(line) if "public_key" in line else symmetric(line))
