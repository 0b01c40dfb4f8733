"""Makes the calls of the public client that docs/api.md lists, against a gateway whose models never answer.

The gateway's address and the operator's token in, the name of each call that worked out.
"""

import http.server
import sys
import threading
import time

from aragora_sdk import AragoraClient

client = AragoraClient(sys.argv[1], api_key=sys.argv[2], max_retries=1)


def call(name: str, *arguments, **options):
    namespace, method = name.split(".")
    answer = getattr(getattr(client, namespace), method)(*arguments, **options)
    print(name, flush=True)
    return answer


def wait_for(status: str, debate: str) -> None:
    for _ in range(600):
        if client.debates.get(debate)["status"] == status:
            return
        time.sleep(0.05)
    sys.exit(f"{debate} is not {status}")


def debates() -> None:
    made = call("debates.create", "Ship on Friday?", rounds=1, consensus="majority", tags=["release"])
    debate = made["id"]
    assert debate in [line["id"] for line in call("debates.list", status="active")["items"]]
    assert debate in [line["id"] for line in call("debates.list_active")["items"]]
    assert debate in [line["id"] for line in list(call("debates.list_all", status="active", page_size=1))]
    call("debates.update", debate, title="Friday", tags=["release", "calm"])
    assert call("debates.get", debate)["title"] == "Friday"
    assert client.debates.update(debate, title=None)["updated_fields"] == ["title"]
    assert client.debates.get(debate).get("title") is None
    assert call("debates.add_message", debate, "Nobody is here on Saturday.")["success"]
    call("debates.cancel", debate)
    wait_for("cancelled", debate)
    call("debates.get_messages", debate)
    assert call("debates.get_events", debate)["events"]
    call("debates.get_votes", debate)
    call("debates.get_consensus", debate)


def longest_question() -> None:
    made = client.debates.create("\u554f" * 100_000, context="\u666f" * 500_000)
    client.debates.cancel(made["id"])
    wait_for("cancelled", made["id"])


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


def webhooks() -> None:
    receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    made = call("webhooks.create", f"http://127.0.0.1:{receiver.server_port}/hook", ["debate_end"])
    webhook = made["webhook"]["id"]
    call("webhooks.list")
    call("webhooks.get", webhook)
    call("webhooks.update", webhook, active=False)
    client.webhooks.update(webhook, active=True)
    call("webhooks.test", webhook)
    call("webhooks.pause_all")
    call("webhooks.resume_all")
    call("webhooks.delete", webhook)
    call("webhooks.get_events")
    call("webhooks.get_event_categories")
    call("webhooks.list_dead_letter", limit=5)


call("health.check")
assert call("agents.list")["agents"]
assert list(call("agents.list_all", page_size=1))
call("approvals.list")
call("approvals.list_pending")
webhooks()
debates()
longest_question()
