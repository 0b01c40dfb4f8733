"""Measures the gateway beside its peers and prints one table for each question.

    scripts/bench [ingest] [engine] [ack] [webhooks]      all four without an argument

`ingest`: signed Slack events, each acknowledged after its commit, beside pgbench inserting one row a transaction into
a table of the same shape with as many clients, turn by turn on the same server. `engine`: debates a second with
instant agents, beside the package aragora-debate with its own. `ack`: how fast events are acknowledged while every
model hangs and a thousand debates wait, and what that costs in memory. `webhooks`: signed deliveries a second to one
sink, each attempt recorded, beside what `wrk` posts to the same sink, which is a Starlette application that checks
signatures (and, for comparison, two servers that cost as little as Python can, one that checks and one that does not);
and the delay of healthy endpoints among a hundred, without and with thirty that hang or fail.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from standardwebhooks import Webhook

HERE = Path(__file__).resolve().parent
URL = os.environ["ARAGORA_TEST_DATABASE_URL"]
BINARIES = Path(os.environ["ARAGORA_BENCH_BINARIES"])
POSTGRES = Path(os.environ["ARAGORA_BENCH_POSTGRES"])
SECRET = "a-signing-secret-of-the-benchmark"
TOKEN = "an-api-token-of-the-benchmark"
SECONDS = int(os.environ.get("ARAGORA_BENCH_SECONDS", "8"))
TURNS = int(os.environ.get("ARAGORA_BENCH_TURNS", "3"))
CLIENTS = 64


def database_url(name: str) -> str:
    """The URL of another database on the benchmark's server."""
    return URL.replace("/postgres?", f"/{name}?")


def sql(name: str, text: str) -> str:
    command = [POSTGRES / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database_url(name)]
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()


def create_database(name: str) -> None:
    sql("postgres", f'drop database if exists "{name}";')
    sql("postgres", f'create database "{name}";')


@contextmanager
def process(command: list, ready, **environment: str):
    """Runs a program, waits for the line for which `ready` gives a value, and ends the program afterwards."""
    log = tempfile.NamedTemporaryFile("w+", prefix="aragora-bench-", suffix=".log", delete=False)
    child = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        env={"PATH": os.environ["PATH"], **environment},
    )
    try:
        found = None
        for line in child.stdout:
            found = ready(line.strip())
            if found is not None:
                break
        if found is None:
            raise SystemExit(f"{command[0]} did not start:\n{Path(log.name).read_text()}")
        yield found, child
    finally:
        child.stdin.close()
        child.terminate()
        try:
            child.wait(35)
        except subprocess.TimeoutExpired:
            child.kill()
        Path(log.name).unlink()


def gateway(database: str, directory: str, **settings: str):
    """A gateway on Postgres with Slack connected; gives its port."""
    return process(
        [BINARIES / "aragora", "serve", "--port", "0", "--migrate"],
        lambda line: int(line.rsplit(":", 1)[1].split()[0]) if "listening on http" in line else None,
        DATABASE_URL=database_url(database), ARAGORA_DATA_DIR=directory, ARAGORA_LOG_LEVEL="error",
        SLACK_SIGNING_SECRET=SECRET, SLACK_BOT_TOKEN="xoxb-benchmark", ARAGORA_API_TOKEN=TOKEN, **settings,
    )


def hanging_world():
    return process([sys.executable, HERE / "hanging_world.py"], int)


def load(port: int, **options) -> dict:
    """Runs the load generator and gives what it printed."""
    words = [f"{name}={value}" for name, value in options.items()]
    command = [str(BINARIES / "LoadGenerator"), f"port={port}", f"secret={SECRET}", *words]
    output = subprocess.run(command, text=True, stdout=subprocess.PIPE).stdout
    try:
        return json.loads(output)
    except ValueError:
        raise SystemExit(f"The load generator failed: {output}") from None


def resident_megabytes(child: subprocess.Popen) -> float:
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def percentile(values: list, share: float) -> float:
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0


def table(title: str, header: list, rows: list) -> None:
    cells = [header, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    print(f"\n{title}\n")
    for number, row in enumerate(cells):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
    print(flush=True)


# Ingest.

def pgbench(directory: Path, turn: int) -> dict:
    """One turn of pgbench: one row a transaction, prepared, as many clients as the gateway has connections."""
    body = json.dumps({"event": {"type": "message", "text": "x" * 1140}, "type": "event_callback"})
    script = directory / "insert.sql"
    # No colons in its texts: pgbench would take what follows them for variables.
    script.write_text(
        "\\set n :n + 1\n"
        "insert into inbox (workspace_id, event_key, platform, shape, conversation_key, body, available_at, received_at)"
        " values ('slack-T0BENCH0001', 'message-C0BENCH' || :client_id::text || '-' || :n::text, 'slack', 'event',"
        " 'slack-C0BENCH' || :n::text, convert_to(:body::text, 'UTF8'), 1763880000000, 1763880000000);\n"
    )
    for old in directory.glob("transactions.*"):
        old.unlink()
    command = [
        POSTGRES / "pgbench", "-n", "-M", "prepared", "-c", CLIENTS, "-j", 2, "-T", SECONDS, "-D", f"n={turn * 10**9}",
        "-D", f"body={body}", "-f", script, "-l", "--log-prefix", directory / "transactions",
        "--sampling-rate", "0.2", database_url("bench_peer"),
    ]
    output = subprocess.run([str(part) for part in command], text=True, check=True, stdout=subprocess.PIPE).stdout
    rate = next(float(line.split("=")[1].split()[0]) for line in output.splitlines() if line.startswith("tps"))
    latencies = [
        int(line.split()[2]) / 1000 for log in directory.glob("transactions.*") for line in log.read_text().splitlines()
    ]
    return {"rate": rate, "p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99)}


def ingest() -> bool:
    settings = sql("postgres", "show fsync; show synchronous_commit;").split()
    assert settings == ["on", "on"], settings
    create_database("bench_peer")
    create_database("bench_ingest")
    peers, ours = [], []
    with tempfile.TemporaryDirectory() as directory, hanging_world() as (world, _):
        api = f"http://127.0.0.1:{world}/api"
        with gateway("bench_ingest", directory, SLACK_API_URL=api) as (port, _):
            schema = subprocess.run(
                [POSTGRES / "pg_dump", "-s", "-t", "inbox", "-d", database_url("bench_ingest")],
                text=True, check=True, stdout=subprocess.PIPE,
            ).stdout
            sql("bench_peer", schema)
            load(port, count=2000, connections=CLIENTS, seed=900)
            waiting = "select count(*) from inbox where status = 0;"
            for turn in range(TURNS):
                # Nobody works for the other one's last turn.
                wait_for("an empty inbox", 120, lambda: sql("bench_ingest", waiting) == "0")
                sql("postgres", "checkpoint;")
                peers.append(pgbench(Path(directory), turn))
                sql("postgres", "checkpoint;")
                before = int(sql("bench_ingest", "select count(*) from inbox;"))
                result = load(port, count=30_000 * SECONDS, connections=CLIENTS, seconds=SECONDS, seed=turn + 1)
                stored = int(sql("bench_ingest", "select count(*) from inbox;")) - before
                if result["failed"] or stored != result["answered"]:
                    raise SystemExit(f"Not every event was acknowledged and stored: {result}, {stored} rows")
                ours.append({**result, "rate": result["answered"] / result["seconds"]})
                print(f"turn {turn + 1}: pgbench {peers[-1]['rate']:,.0f}, gateway {ours[-1]['rate']:,.0f}", flush=True)

    def median(of: list, what: str) -> float:
        return statistics.median(entry[what] for entry in of)

    ratio = median(ours, "rate") / median(peers, "rate")
    table(
        f"Durable ingest: {CLIENTS} clients, 1.2 KB, fsync and synchronous_commit on, medians of {TURNS} turns of "
        f"{SECONDS} s",
        ["", "rows/s", "p50 ms", "p99 ms", "ratio"],
        [
            [name, f"{median(of, 'rate'):,.0f}", f"{median(of, 'p50'):.1f}", f"{median(of, 'p99'):.1f}", shown]
            for name, of, shown in [
                ("pgbench, one row a transaction", peers, "1.00"),
                ("gateway, signed event to ack", ours, f"{ratio:.2f}"),
            ]
        ],
    )
    return ratio >= 1.2 and median(ours, "p99") < 25


# Acknowledgements.

def wait_for(what: str, seconds: float, answer) -> None:
    end = time.monotonic() + seconds
    while not answer():
        if time.monotonic() > end:
            raise SystemExit(f"No sign of {what} within {seconds:.0f} s")
        time.sleep(0.2)


def ack() -> bool:
    debates = 1000
    create_database("bench_ack")
    with tempfile.TemporaryDirectory() as directory, hanging_world() as (world, _):
        with gateway(
            "bench_ack", directory,
            SLACK_API_URL=f"http://127.0.0.1:{world}/api",
            OPENAI_BASE_URL=f"http://127.0.0.1:{world}/v1", OPENAI_API_KEY="none", OPENAI_MODEL="hangs",
            ARAGORA_AGENTS="openai:hangs-1,openai:hangs-2,openai:hangs-3",
            ARAGORA_MAX_CONCURRENT_DEBATES=str(debates),
        ) as (port, child):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read()
            time.sleep(2)
            idle_memory = resident_megabytes(child)
            idle = load(port, kind="mention", count=debates, connections=8, seconds=60, rate=100, seed=1)
            running = "select count(*) from debates where status = 'running';"
            wait_for("1,000 running debates", 120, lambda: int(sql("bench_ack", running)) >= debates)
            time.sleep(2)
            waiting_memory = resident_megabytes(child)
            busy = load(port, kind="mention", count=100 * SECONDS, connections=8, seconds=60, rate=100, seed=2)
            for result in (idle, busy):
                if result["failed"]:
                    raise SystemExit(f"Not every event was acknowledged: {result}")
    table(
        "Acknowledgement of a question from Slack, from the moment it was due, 100 a second, all models hanging",
        ["", "events", "p50 ms", "p99 ms", "worst ms", "resident MB"],
        [
            [name, result["answered"], f"{result['p50']:.1f}", f"{result['p99']:.1f}", f"{result['max']:.1f}", memory]
            for name, result, memory in [
                ("while 1,000 debates start", idle, f"{idle_memory:.0f} (idle, before)"),
                ("while 1,000 debates wait", busy, f"{waiting_memory:.0f} (1,000 waiting)"),
            ]
        ],
    )
    return busy["p99"] < 150 and idle_memory < 60 and waiting_memory < 200


# Engine.

def engine() -> bool:
    create_database("bench_engine")
    outcome = {}
    for name, command in [
        ("peer", [sys.executable, HERE / "peer_engine.py", SECONDS]),
        ("ours", [BINARIES / "EngineBenchmark", SECONDS]),
    ]:
        output = subprocess.run(
            [str(part) for part in command], text=True, check=True, stdout=subprocess.PIPE,
            env={**os.environ, "DATABASE_URL": database_url("bench_engine")},
        ).stdout
        outcome[name] = json.loads(output.splitlines()[-1])
    peer, ours = outcome["peer"]["rate"], outcome["ours"]
    memory, encoded, journaled = ours["memory"], ours["encoded"], ours["journaled"]
    table(
        "Engine: three instant agents, two rounds",
        ["", "debates/s", "ratio"],
        [
            ["aragora-debate, in memory", f"{peer:,.0f}", "1.0"],
            ["gateway, in memory", f"{memory:,.0f}", f"{memory / peer:.1f}"],
            ["gateway, in memory, entries encoded and hashed", f"{encoded:,.0f}", f"{encoded / memory:.2f} of in memory"],
            ["gateway, journaled on Postgres", f"{journaled:,.0f}", f"{journaled / memory:.2f} of in memory"],
        ],
    )
    return memory >= 10 * peer and journaled >= memory / 4



# Webhooks.

EVENTS = int(os.environ.get("ARAGORA_BENCH_EVENTS", "10000"))


def webhook_sink(*server: str):
    return process([sys.executable, HERE / "webhook_sink.py", *server], int)


def api(port: int, method: str, path: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
    )
    answer = urllib.request.urlopen(request).read()
    return json.loads(answer) if answer else {}


def owe(database: str, first: int, count: int) -> None:
    """Publishes events as the gateway does: a message each, and a row for each endpoint."""
    sql(database, f"""
        with moments as (
            select n, (extract(epoch from clock_timestamp()) * 1000)::bigint as now
            from generate_series({first}, {first + count - 1}) n
        ), messages as (
            insert into webhook_messages (workspace_id, message_id, event_type, body, thin_body, occurred_at, created_at)
            select 'local', 'msg_' || n, 'verdict',
                '{{"data":{{"text":"' || repeat('x', 1000) || '"}},"id":"msg_' || n || '","sent_at":' || now
                || ',"type":"verdict"}}', '{{}}', now, now
            from moments returning message_id, created_at
        )
        insert into webhooks (workspace_id, endpoint_id, message_id, available_at, created_at, updated_at)
        select 'local', c.id, m.message_id, m.created_at, m.created_at, m.created_at
        from messages m cross join webhook_configs c where c.workspace_id = 'local' order by m.message_id;
        notify aragora, 'outbox';
    """)


def crowd(name: str, kinds: list, rate: int, is_killed: bool = False) -> dict:
    """Publishes all events at a rate to endpoints of these kinds; gives what came of it at the healthy ones."""
    create_database(name)
    parts = 2 if is_killed else 1
    size = EVENTS // parts
    with tempfile.TemporaryDirectory() as directory, webhook_sink() as (sink, _):
        for part in range(parts):
            with gateway(name, directory, ARAGORA_WEBHOOK_ALLOW="127.0.0.1") as (port, child):
                if part == 0:
                    for number, kind in enumerate(kinds):
                        api(port, "POST", "/api/v1/webhooks", {"url": f"http://127.0.0.1:{sink}/{kind}/{number}"})
                start = time.monotonic()
                for number in range(0, size, 10):
                    owe(name, part * size + number, min(10, size - number))
                    time.sleep(max(0, start + (number + 10) / rate - time.monotonic()))
                if part < parts - 1:
                    # In the middle of its work: that is the next one's now.
                    child.kill()
                    continue
                wait_for("all deliveries", 600, lambda: sum(
                    count == parts * size for count in api(sink, "GET", "/stats")["distinct"].values()
                ) == kinds.count("ok"))
                return api(sink, "GET", "/stats")


def posted_by_wrk(directory: str, sink: int, kind: str, secret: str) -> float:
    """How many requests a second wrk posts to the sink: one message, signed beforehand, again and again."""
    body, moment = json.dumps({"data": {"text": "x" * 1000}, "type": "verdict"}), datetime.now(timezone.utc)
    headers = {
        "Content-Type": "application/json", "webhook-id": "msg_wrk",
        "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": Webhook(secret).sign("msg_wrk", moment, body),
    }
    script = Path(directory) / "post.lua"
    lines = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    script.write_text("\n".join(['wrk.method = "POST"', f"wrk.body = {json.dumps(body)}", *lines]))
    output = subprocess.run(
        ["wrk", "-t1", "-c50", f"-d{SECONDS}s", "-s", script, f"http://127.0.0.1:{sink}/{kind}/wrk"],
        text=True, check=True, stdout=subprocess.PIPE,
    ).stdout
    if "Non-2xx" in output:
        raise SystemExit(f"The sink refused what wrk posted: {output}")
    return float(output.split("Requests/sec:")[1].split()[0])


def throughput(kind: str, *server: str) -> tuple:
    """Requests a second that wrk and the gateway post to one sink of a kind, medians of turns; the gateway's are those
    between its first attempt and the end of its last."""
    database = f"bench_webhooks_{kind}"
    create_database(database)
    posted, delivered = [], []
    with tempfile.TemporaryDirectory() as directory, webhook_sink(*server) as (sink, _):
        with gateway(database, directory, ARAGORA_WEBHOOK_ALLOW="127.0.0.1") as (port, _):
            created = api(port, "POST", "/api/v1/webhooks", {"url": f"http://127.0.0.1:{sink}/{kind}/0"})
            secret = created["webhook"]["secret"]
            urllib.request.urlopen(f"http://127.0.0.1:{sink}/secret", data=secret.encode()).read()
            for turn in range(TURNS):
                posted.append(posted_by_wrk(directory, sink, kind, secret))
                api(sink, "POST", "/reset", {})
                delivered.append(delivered_by_gateway(database, turn * EVENTS))
                # Everything arrived at the first attempt.
                taken = api(sink, "GET", "/stats")
                assert taken["requests"] == taken["distinct"]["0"] == EVENTS
                print(f"turn {turn + 1}: wrk {posted[-1]:,.0f}, gateway {delivered[-1]:,.0f}")
    return statistics.median(posted), statistics.median(delivered)


def delivered_by_gateway(database: str, first: int) -> float:
    """How many messages a second the gateway delivers to its one endpoint, each attempt recorded."""
    before = int(sql(database, "select coalesce(max(attempt_id), 0) from webhook_attempts;"))
    owe(database, first, EVENTS)
    # Counting all of them again and again would be work for the server that is being measured.
    waiting = "select count(*) from (select 1 from webhooks where status = 0 limit 1) waiting;"
    wait_for("all deliveries", 300, lambda: int(sql(database, waiting)) == 0)
    found = sql(database, f"""
        select count(*), count(distinct message_id), max(attempted_at + duration_ms) - min(attempted_at)
        from webhook_attempts where attempt_id > {before} and response_status between 200 and 299;
    """)
    count, distinct, milliseconds = (int(part) for part in found.split("|"))
    assert count == distinct == EVENTS
    return count / milliseconds * 1000


def one_sink() -> bool:
    """Whether the gateway delivers half of what wrk posts to what a subscriber runs."""
    sinks = [
        ("bare, takes everything unseen", None, ["ok"]),
        ("bare, verifies with standardwebhooks", None, ["verified"]),
        ("Starlette under uvicorn, verifies with standardwebhooks", 0.5, ["uvicorn", "uvicorn"]),
    ]
    rows, is_reached = [], True
    for what, target, arguments in sinks:
        posted, delivered = throughput(*arguments)
        ratio = delivered / posted
        is_reached = is_reached and ratio >= (target or 0)
        rows.append([what, f"{posted:,.0f}", f"{delivered:,.0f}", f"{ratio:.2f}", target or "not judged"])
    table(
        "Webhooks: one sink, requests a second (a bare sink reads HTTP itself on asyncio.Protocol, as no subscriber does)",
        ["sink", "wrk", "gateway, each attempt recorded", "ratio", "target"], rows,
    )
    return is_reached


def webhooks() -> bool:
    is_fast = one_sink()
    rate = int(os.environ.get("ARAGORA_BENCH_RATE", "20"))
    alone = crowd("bench_crowd_healthy", ["ok"] * 100, rate)
    kinds = ["ok"] * 70 + ["hang"] * 10 + ["500"] * 10 + ["429"] * 10
    mixed = crowd("bench_crowd_mixed", kinds, rate)
    killed = crowd("bench_crowd_killed", kinds, rate, is_killed=True)
    table(
        f"Webhooks: {EVENTS:,} events to 100 endpoints, {rate} a second",
        ["", "healthy", "requests there", "p50 ms", "p99 ms"],
        [
            ["all healthy", 100, alone["requests"], f"{alone['p50']:.0f}", f"{alone['p99']:.0f}"],
            ["30 hang or fail", 70, mixed["requests"], f"{mixed['p50']:.0f}", f"{mixed['p99']:.0f}"],
            ["the same, killed in the middle", 70, killed["requests"], f"{killed['p50']:.0f}", f"{killed['p99']:.0f}"],
        ],
    )
    return is_fast and mixed["p99"] <= 2 * alone["p99"]


if __name__ == "__main__":
    questions = {"ingest": ingest, "engine": engine, "ack": ack, "webhooks": webhooks}
    reached = {name: questions[name]() for name in sys.argv[1:] or questions}
    for name, is_reached in reached.items():
        print(f"{name}: {'the target is reached' if is_reached else 'THE TARGET IS MISSED'}")
