"""Verifies requests as an OAuth 1.0a server of protected resources does, with oauthlib.

A JSON object a line in; True or False a line out.
"""

import json
import string
import sys
import time

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

CLIENT = {"consumer-key": "consumer secret & more"}
TOKENS = {"1001-token": "token/secret=1"}


class Validator(RequestValidator):
    enforce_ssl = False
    safe_characters = set(string.ascii_letters + string.digits + "-_")
    client_key_length = (3, 60)
    access_token_length = (3, 60)
    nonce_length = (20, 60)
    timestamp_lifetime = 300
    dummy_client = "dummy-client"
    dummy_access_token = "dummy-token"

    def __init__(self):
        super().__init__()
        self.seen = set()

    def validate_client_key(self, client_key, request):
        return client_key in CLIENT

    def validate_access_token(self, client_key, token, request):
        return token in TOKENS

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        is_new = (timestamp, nonce) not in self.seen
        self.seen.add((timestamp, nonce))
        return is_new

    def get_client_secret(self, client_key, request):
        return CLIENT.get(client_key, "dummy")

    def get_access_token_secret(self, client_key, token, request):
        return TOKENS.get(token, "dummy")


endpoint = ResourceEndpoint(Validator())
for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    time.time = lambda: float(case["now"])
    valid, _ = endpoint.validate_protected_resource_request(
        case["url"], http_method=case["method"], body=case["body"], headers=case["headers"]
    )
    print(bool(valid))
