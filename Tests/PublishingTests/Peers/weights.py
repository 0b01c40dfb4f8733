"""Counts texts with a port of the platform's own parser: a JSON string a line in, the weighted length a line out."""

import json
import sys
import warnings

warnings.simplefilter("ignore")
from twitter_text import parse_tweet  # noqa: E402


def to_ascii(domain):
    """As twitter-text does it: punycode for each label, and nothing but its length is checked.

    The port asks Python's IDNA 2003 codec instead, which refuses emoji and drops joiners.
    """
    labels = []
    for label in domain.split("."):
        encoded = label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        if not 1 <= len(encoded) <= 63:
            return None
        labels.append(encoded)
    return ".".join(labels)


sys.modules["twitter_text.extract_urls"].idna_to_ascii = to_ascii

for line in open(sys.argv[1], encoding="utf-8"):
    result = parse_tweet(json.loads(line))
    print(result.weightedLength, result.valid)
