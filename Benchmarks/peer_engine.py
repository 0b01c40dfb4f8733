"""How many debates a second the package aragora-debate holds with three of its own mock agents and two rounds.

All else is as the package sets it: it looks for no convergence, which its engine would spend most of the time on.

    python peer_engine.py [SECONDS]
"""

import asyncio
import json
import sys
import time

from aragora_debate import Debate, MockAgent

# What our own instant agents say (EngineBenchmark/InstantPanel.swift).
PROPOSALS = {
    "alpha": "Look at the cost first, then move one service at a time and measure the latency.",
    "beta": "Stay with the monolith, but draw clear borders between its modules this year.",
    "gamma": "Split only the part that changes daily; everything else can wait for a reason.",
}


def debate() -> Debate:
    made = Debate(
        "Should we migrate to microservices?",
        rounds=2, consensus="majority", early_stopping=False,
    )
    for name, proposal in PROPOSALS.items():
        made.add_agent(MockAgent(name, proposal=proposal, vote_for="alpha"))
    return made


async def main(seconds: float) -> None:
    result = await debate().run()
    assert result.rounds_used == 2 and result.consensus_reached, result
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(20):
            await debate().run()
        count += 20
    print(json.dumps({"rate": count / (time.perf_counter() - start)}))


asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 8))
