"""Checks messages with Slack's own library and by its documented limits.

Reads a file of JSON lines, each with `name` and `payload` (`text`, `blocks`); writes one line for each thing that is
wrong, and nothing where all is well. Views are lines with `view` in place of `payload`.
"""

import json
import logging
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

complaints = []


class Complaining(logging.Handler):
    """The library warns where it does not know a key or a type."""

    def emit(self, record):
        complaints.append(record.getMessage())


logging.getLogger().addHandler(Complaining())
logging.getLogger().setLevel(logging.WARNING)

RICH = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
LEAVES = {"text", "link"}


def length(text):
    return len(text.encode("utf-16-le")) // 2


def rich(element, complain):
    kind = element.get("type")
    if kind not in RICH:
        complain(f"{kind} is no element of rich text")
        return
    if not element.get("elements"):
        complain(f"an empty {kind}")
    for child in element.get("elements", []):
        if kind == "rich_text_list":
            if child.get("type") != "rich_text_section":
                complain(f"{child.get('type')} in a list")
            else:
                rich(child, complain)
        elif child.get("type") not in LEAVES:
            complain(f"{child.get('type')} may notify somebody or is unknown")
        elif not child.get("text"):
            complain("an empty text")
        elif kind == "rich_text_preformatted" and child.get("style"):
            complain("a style in preformatted text")
        elif child.get("type") == "link" and not child.get("url", "").startswith(("http://", "https://", "mailto:")):
            complain(f"a link to {child.get('url')}")


def check(block, complain):
    kind = block["type"]
    if kind == "rich_text":
        if length(json.dumps(block, ensure_ascii=False, separators=(",", ":"))) > 3200:
            complain("a block of rich text is too long")
        for element in block["elements"]:
            rich(element, complain)
    elif kind == "table":
        rows = block["rows"]
        if not 1 <= len(rows) <= 100 or len({len(row) for row in rows}) != 1 or len(rows[0]) > 20:
            complain("a table has too many or unequal rows")
        for row in rows:
            for cell in row:
                for element in cell["elements"]:
                    rich(element, complain)
    elif kind == "actions":
        ids = [element["action_id"] for element in block["elements"]]
        if len(ids) != len(set(ids)) or any(len(i) > 255 for i in ids):
            complain("action ids are not unique or too long")
        for element in block["elements"]:
            if not 1 <= length(element["text"]["text"]) <= 75:
                complain("a button's text")
    elif kind in ("section", "context"):
        texts = block.get("fields") or block.get("elements") or [block["text"]]
        for text in texts:
            plain = text["text"]
            if any(mention in plain for mention in ("<!", "<@", "<#")):
                complain(f"markup that notifies: {plain[:60]}")
            if length(plain) > (2000 if "fields" in block else 3000):
                complain("a text is too long")
    elif kind not in ("header", "divider"):
        complain(f"the unknown block {kind}")


count = 0
for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    count += 1

    def complain(what, name=case["name"]):
        print(f"{name}: {what}")

    try:
        if "view" in case:
            View(**case["view"]).validate_json()
            parsed = Block.parse_all(case["view"]["blocks"])
            for block in parsed:
                block.validate_json()
        else:
            payload = case["payload"]
            blocks = payload["blocks"]
            parsed = Block.parse_all(blocks)
            if not 1 <= len(blocks) <= 50 or len(parsed) != len(blocks) or None in parsed:
                complain(f"{len(blocks)} blocks")
            for block in parsed:
                block.validate_json()
                block.to_dict()
            for block in blocks:
                check(block, complain)
            if length(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > 12000:
                complain("the blocks are too long together")
            if sum(block["type"] == "table" for block in blocks) > 1:
                complain("two tables in one message")
            if not 1 <= length(payload["text"]) <= 4000:
                complain("the fallback text")
            if any(mention in payload["text"] for mention in ("<!", "<@", "<#")):
                complain("the fallback text notifies")
    except SlackObjectFormationError as error:
        complain(str(error))
    for complaint in complaints:
        complain(complaint)
    complaints.clear()
print(f"checked {count}")
