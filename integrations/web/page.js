"use strict";

// The built-in page. It asks over the public API and shows a debate by folding its journal's events, so what is on
// the screen is what the journal holds, live or later. Text of models becomes text nodes, never markup.

const finished = new Set(["completed", "failed", "cancelled"]);

const percent = (share) => `${Math.round((Number(share) || 0) * 100)} %`;
const plural = (count, one, many = one + "s") => `${count} ${count === 1 ? one : many}`;
const clamp = (share) => Math.min(1, Math.max(0, Number(share) || 0));

function meter(share, seat) {
  const fill = h("i");
  const bar = h("div", { class: "meter", "data-seat": seat, "aria-hidden": "true" }, fill);
  requestAnimationFrame(() => { fill.style.width = `${clamp(share) * 100}%`; });
  return bar;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
function ago(moment) {
  const seconds = (Date.parse(moment) - Date.now()) / 1000;
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return "just now";
}
const time = (moment) => h("time", { datetime: moment, title: new Date(moment).toLocaleString() }, ago(moment));

function announce(text) { $("announcer").textContent = text; }

/** The first words of a text, without its markup. */
function gist(text) {
  const line = String(text ?? "").slice(0, 600).replace(/```[\s\S]*?(```|$)/g, " ").replace(/^[#>\s*+-]+/gm, " ").replace(/[*_`]/g, "");
  return line.replace(/\s+/g, " ").trim().slice(0, 180);
}

// Words for what the journal says

const verdicts = {
  approved: ["Approved", "good"],
  approved_with_conditions: ["Approved with conditions", "good"],
  needs_review: ["Needs review", "warn"],
  rejected: ["Rejected", "bad"],
};
const statusWords = { created: "Waiting", running: "Running", paused: "Waiting for people", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };
const modeWords = { judge: "votes decide, a judge writes", majority: "majority", weighted: "majority", supermajority: "two thirds", unanimous: "unanimity", any: "most votes", none: "no vote" };
const strengthWords = { unanimous: "unanimous", strong: "strong", medium: "moderate", weak: "weak" };
const phases = ["context", "proposals", "rounds", "consensus"];

function gravity(severity) {
  if (severity >= 0.67) return "grave";
  return severity >= 0.34 ? "serious" : "minor";
}

/** Says which model gave an answer, where it was not the agent's own. */
function standIn(data) {
  const model = data?.usage?.fallback_model;
  return model ? h("span", { class: "substitute", title: "The agent's own model could not answer, so this one did" }, `answered by ${model}`) : "";
}

const chosen = (vote) => (vote.choice === vote.agent ? "its own proposal" : vote.choice);

// One debate

class DebateView {
  constructor(id) {
    this.id = id;
    this.abort = new AbortController();
    this.seats = new Map();
    this.phase = "";
    this.round = 0;
    this.totalRounds = 0;
    this.votes = [];
    this.last = 0;
    this.over = false;
    this.sections = new Map();
    this.drafts = new Map();
    this.usage = { input: 0, output: 0, cost: 0 };
  }

  async open() {
    for (const id of ["transcript", "panel", "steps", "meta", "task", "usage", "verdict"]) $(id).replaceChildren();
    for (const id of ["verdict", "stop", "waiting", "convergence", "usage", "background-shown"]) $(id).hidden = true;
    $("convergence").querySelector("ul").replaceChildren();
    problem("followup-problem");
    try {
      this.record = await callJSON(`/debates/${encodeURIComponent(this.id)}`, { signal: this.abort.signal });
    } catch (error) {
      if (this.abort.signal.aborted) return;
      if (error.status === 404) return show("lost");
      trouble(error.message);
      if (error.code !== "token_needed") setTimeout(() => { if (!this.abort.signal.aborted) this.open(); }, 3000);
      return;
    }
    trouble();
    show("debate");
    this.drawHead();
    await this.follow();
  }

  close() { this.abort.abort(); }

  // The stream

  async follow() {
    let pause = 1000;
    while (!this.over && !this.abort.signal.aborted) {
      try {
        const response = await call(`/debates/${encodeURIComponent(this.id)}/stream`, {
          headers: { Accept: "text/event-stream", "Last-Event-ID": String(this.last) }, signal: this.abort.signal,
        });
        trouble();
        if (response.status === 204) { await this.refresh(); break; }
        const before = this.last;
        await this.read(response.body);
        if (this.last > before) pause = 1000;
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (error.status === 404) return show("lost");
        if (error.status >= 400 && error.status < 500 && error.status !== 429) return trouble(error.message);
      }
      // Whoever serves the next stream says anew what is being written.
      this.dropDrafts();
      if (this.over || this.abort.signal.aborted) break;
      trouble("The connection to the gateway was lost. Trying again … nothing is lost meanwhile.");
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 15000);
    }
  }

  async read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      let end;
      while ((end = text.indexOf("\n\n")) >= 0) {
        const data = text.slice(0, end).split("\n").filter((line) => line.startsWith("data:"));
        text = text.slice(end + 2);
        if (data.length) this.take(JSON.parse(data.map((line) => line.slice(5).trimStart()).join("\n")));
      }
    }
  }

  take(event) {
    const data = event.data ?? {};
    if (event.type === "draft") return this.draft(data);
    if (event.seq <= this.last) return;
    this.last = event.seq;
    const isLive = Date.now() / 1000 - event.timestamp < 10;
    this.arrives = isLive ? " arrives" : "";
    const handler = this[`on_${event.type}`];
    if (handler) handler.call(this, data, isLive);
    // The end sums up everybody's usage and names nobody.
    if (data.agent && data.usage?.fallback_model) this.substitute(data.agent, data.usage.fallback_model);
    this.count(data.usage);
    this.drawProgress();
  }

  async refresh() {
    try {
      this.record = await callJSON(`/debates/${encodeURIComponent(this.id)}`, { signal: this.abort.signal });
      this.drawHead();
    } catch { /* what is on the screen stays */ }
    if (finished.has(this.record.status)) this.finish(this.record.status);
  }

  // Events, by their names in the journal

  on_debate_start(data) {
    this.seats.clear();
    $("panel").replaceChildren();
    (data.panel ?? []).forEach((agent, seat) => this.seat(agent.name, { ...agent, seat }));
    this.totalRounds = data.protocol?.rounds ?? 0;
    this.mode = data.protocol?.consensus;
    this.record.status = "running";
    if (data.background) {
      $("background-shown").hidden = false;
      $("background-shown").querySelector(".prose").replaceChildren(markdown(data.background));
    }
    this.drawHead();
  }

  on_phase_change(data) {
    this.phase = data.to_phase;
    if (this.phase === "proposals") this.everybody("busy", "Thinking …");
    if (this.phase === "consensus") this.everybody("busy", "Voting …");
    this.drawFollowUp();
  }

  on_round_start(data) {
    this.phase = "rounds";
    this.round = data.round;
    this.totalRounds = data.total_rounds ?? this.totalRounds;
    for (const member of this.seats.values()) member.critiques = 0;
    this.everybody("busy", "Reading the others …");
  }

  on_propose(data, isLive) {
    this.dropDrafts(data.agent, "proposal");
    this.speech(this.section("proposals", "Opening proposals", "each on its own"), data);
    this.state(data.agent, "", "Proposed");
    if (isLive) announce(`${data.agent} has proposed.`);
  }

  on_critique(data) {
    const section = this.roundSection(data.round);
    const list = section.critiques ??= section.appendChild(h("div"));
    if (!list.previousElementSibling?.matches("h3")) list.before(h("h3", {}, "Criticism"));
    list.append(this.critique(data));
    const member = this.seat(data.agent);
    member.critiques = (member.critiques ?? 0) + 1;
    const others = this.living() - 1;
    this.state(data.agent, "busy", member.critiques < others ? `Criticised ${member.critiques} of ${others}` : "Criticised all others");
    const everyone = [...this.seats.values()].filter((seat) => !seat.failed);
    if (everyone.every((seat) => (seat.critiques ?? 0) >= others)) this.everybody("busy", "Revising …");
  }

  on_revision(data, isLive) {
    this.dropDrafts(data.agent, "revision", data.round);
    this.speech(this.revisions(data.round), data);
    this.state(data.agent, "", `Revised in round ${data.round}`);
    if (isLive) announce(`${data.agent} has revised its proposal.`);
  }

  on_convergence(data) {
    $("convergence").hidden = false;
    const word = { converged: "they agree", refining: "still refining", diverging: "far apart" }[data.status] ?? data.status;
    $("convergence").querySelector("ul").append(
      h("li", {}, h("span", {}, `Round ${data.round} — ${word}`), h("span", {}, percent(data.similarity)), meter(data.similarity)));
  }

  on_evidence_added(data) {
    const place = this.round ? this.roundSection(this.round) : this.section("proposals", "Opening proposals", "each on its own");
    place.append(h("div", { class: "note" + this.arrives }, h("b", {}, "Evidence added"), h("span", {}, data.text)));
  }

  on_agent_failed(data, isLive) {
    this.dropDrafts(data.agent, data.phase, data.round);
    const where = { proposal: "its proposal", critique: `its criticism of ${data.target_agent}`, revision: "its revision", vote: "its vote", synthesis: "the final text" }[data.phase] ?? data.phase;
    this.state(data.agent, "failed", `Failed at ${where}`);
    const place = data.phase === "proposal" ? this.section("proposals", "Opening proposals", "each on its own")
      : data.phase === "vote" || data.phase === "synthesis" ? this.section("vote", "The vote") : this.roundSection(data.round);
    place.append(h("div", { class: "note bad" + this.arrives }, h("b", {}, data.agent), h("span", {}, `failed at ${where}: ${data.message}`)));
    if (isLive) announce(`${data.agent} failed.`);
  }

  on_budget_exceeded() { this.remark("The budget was used up, so the panel went straight to the vote."); }
  on_deadline_exceeded() { this.remark("The time was used up, so the panel went straight to the vote."); }
  on_cancel_requested() { this.remark("Somebody asked the debate to stop."); }

  on_breakpoint(data, isLive) {
    this.record.status = "paused";
    this.record.breakpoint = data;
    if (isLive) announce(`The debate waits for people: ${data.reason}`);
  }

  on_breakpoint_resolved(data, isLive) {
    this.record.status = "running";
    const words = { continue: "it goes on", conclude: "it goes to the vote", abort: "it stops here" }[data.action] ?? data.action;
    const who = data.by === "time" ? "Nobody answered in time" : `Decided by ${data.by}`;
    this.remark(`${who}: ${words}.${data.guidance ? ` “${data.guidance}”` : ""}`);
    if (isLive) announce(`${who}: ${words}.`);
  }

  on_vote(data) {
    this.votes.push(data);
    this.state(data.agent, "", `Voted for ${chosen(data)}`);
    const section = this.section("vote", "The vote");
    this.bars ??= section.appendChild(h("div", { class: "bars" }));
    this.ballots ??= section.appendChild(h("div"));
    this.ballots.append(h("div", { class: "ballot" + this.arrives },
      h("div", { class: "line" }, this.face(data.agent, true), h("b", {}, data.agent), "chose", h("b", {}, chosen(data)), h("span", { class: "hint" }, `${percent(data.confidence)} sure`), standIn(data)),
      data.reasoning ? h("div", { class: "why prose" }, markdown(data.reasoning)) : ""));
    const byChoice = new Map();
    for (const vote of this.votes) byChoice.set(vote.choice, [...(byChoice.get(vote.choice) ?? []), vote]);
    this.drawBars([...byChoice].map(([choice, votes]) => ({ choice, share: votes.length / this.votes.length, voters: votes.map((vote) => vote.agent) })));
  }

  on_consensus(data) {
    this.consensus = data;
    if (data.shares?.length) {
      const section = this.section("vote", "The vote");
      this.bars ??= section.appendChild(h("div", { class: "bars" }));
      this.drawBars(data.shares);
    }
    const section = this.section("vote", "The vote");
    const result = data.reached ? `Consensus on ${data.winner}'s proposal, with ${strengthWords[data.strength] ?? data.strength} support.` : `No consensus. ${data.note ?? ""}`;
    section.append(h("div", { class: "note" + this.arrives }, h("b", {}, result)));
    for (const name of data.abstained ?? []) section.append(h("div", { class: "note" }, h("b", {}, name), h("span", {}, "cast no vote.")));
    for (const member of this.seats.values()) if (member.isBusy) this.state(member.name, "", "Did not vote");
    if (this.mode === "judge" && data.reached) this.waitingFor = "The judge writes the final answer";
  }

  on_synthesis(data) {
    this.synthesis = data;
    this.waitingFor = undefined;
    this.dropDrafts(undefined, "synthesis");
    if (!data.fallback) this.state(data.agent, "", "Wrote the final answer");
  }

  on_debate_end(data, isLive) {
    this.end = data;
    this.record.status = data.status;
    this.drawVerdict(data);
    this.finish(data.status);
    if (isLive) {
      announce(`The debate has ended. ${verdicts[data.verdict]?.[0] ?? statusWords[data.status]}.`);
      $("verdict").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" });
    }
  }

  // What is being written, which no journal holds; the answer takes its place

  draft(data) {
    const key = [data.agent, data.phase, data.round].join("/");
    let draft = this.drafts.get(key);
    if (!draft) {
      const text = document.createTextNode("");
      const place = data.phase === "revision" ? this.revisions(data.round)
        : data.phase === "synthesis" ? this.section("vote", "The vote") : this.section("proposals", "Opening proposals", "each on its own");
      const box = h("div", { class: "speech draft", "data-seat": this.seat(data.agent).seat % 8 },
        h("p", { class: "line" }, this.face(data.agent, true), h("span", { class: "who" }, data.agent), h("span", { class: "gist" }, "is writing …")),
        h("p", { class: "text" }, text));
      draft = { agent: data.agent, phase: data.phase, round: data.round, text, box };
      this.drafts.set(key, draft);
      place.append(box);
    }
    if (data.offset === 0) draft.text.data = "";
    draft.text.appendData(data.text);
    draft.box.hidden = !draft.text.data;
    const seen = draft.box.lastChild;
    seen.scrollTop = seen.scrollHeight;
  }

  /** Takes away the drafts of an agent, a phase and a round; all, where none is named. */
  dropDrafts(agent, phase, round) {
    for (const [key, draft] of this.drafts) {
      if ((agent ?? draft.agent) !== draft.agent || (phase ?? draft.phase) !== draft.phase || (round ?? draft.round) !== draft.round) continue;
      draft.box.remove();
      this.drafts.delete(key);
    }
  }

  // Parts of the picture

  seat(name, profile) {
    let member = this.seats.get(name);
    if (!member) {
      member = { seat: profile?.seat ?? this.seats.size, name };
      member.doing = h("span", { class: "doing" }, "Waiting");
      member.item = h("li", { class: "member", "data-seat": member.seat % 8 },
        this.face(name, false, member.seat),
        h("span", { class: "name" }, name, profile?.demo ? h("span", { class: "tag", title: "An offline demo agent, not an AI model" }, "demo") : ""),
        member.model = h("span", { class: "model" }, profile?.demo ? "not an AI model" : [profile?.provider, profile?.model].filter(Boolean).join(" · ")),
        member.doing);
      this.seats.set(name, member);
      $("panel").append(member.item);
    }
    return member;
  }

  /** Names, beside the agent's own model, the one that last stood in for it. */
  substitute(name, model) {
    const member = this.seat(name);
    member.model.querySelector(".substitute")?.remove();
    member.model.append(h("span", { class: "substitute", title: "The agent's own model could not answer, so this one did, once or more often" }, ` · answered by ${model}`));
  }

  face(name, tiny, seat) {
    seat ??= this.seats.get(name)?.seat ?? 0;
    return h("span", { class: tiny ? "face tiny" : "face", "data-seat": seat % 8, "aria-hidden": "true" }, name.replace(/^demo-/, "").slice(0, tiny ? 1 : 2).replace(/^./, (first) => first.toUpperCase()));
  }

  state(name, kind, words) {
    const member = this.seat(name);
    if (kind === "failed") member.failed = true;
    else if (kind === "") member.failed = false;
    member.item.className = `member ${kind}`;
    member.doing.textContent = words;
    member.isBusy = kind === "busy";
  }

  everybody(kind, words) {
    for (const member of this.seats.values()) if (!member.failed) this.state(member.name, kind, words);
  }

  living() { return [...this.seats.values()].filter((member) => !member.failed).length; }

  section(key, title, remark) {
    let section = this.sections.get(key);
    if (!section) {
      section = h("section", { class: "phase" }, h("h2", {}, title, remark ? h("small", {}, remark) : ""));
      this.sections.set(key, section);
      $("transcript").append(section);
    }
    return section;
  }

  revisions(round) {
    const section = this.roundSection(round);
    if (!section.revisions) {
      section.append(h("h3", {}, "Revised proposals"));
      section.revisions = section.appendChild(h("div"));
    }
    return section.revisions;
  }

  roundSection(round) { return this.section(`round-${round}`, `Round ${round}`, this.totalRounds ? `of ${this.totalRounds}` : ""); }

  remark(words) {
    const place = this.sections.get("vote") ?? (this.round ? this.roundSection(this.round) : this.section("proposals", "Opening proposals"));
    place.append(h("div", { class: "note" + this.arrives }, words));
  }

  speech(place, data) {
    const seat = this.seat(data.agent).seat % 8;
    const details = h("details", { class: "speech" + this.arrives, "data-seat": seat },
      h("summary", {}, this.face(data.agent, true), h("span", { class: "who" }, data.agent), standIn(data), h("span", { class: "gist" }, gist(data.content))));
    // Long texts are made when somebody opens them.
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(prose(data.content)); });
    place.append(details);
  }

  critique(data) {
    const kind = gravity(data.severity);
    const steps = Math.max(1, Math.round(clamp(data.severity) * 5));
    const list = (title, items) => items?.length ? h("div", {}, h("h4", {}, title), h("ul", {}, items.map((item) => inline(item, h("li"))))) : "";
    return h("details", { class: "critique" + this.arrives },
      h("summary", {},
        h("span", { class: "pair" }, this.face(data.agent, true), h("b", {}, data.agent), h("span", { class: "arrow", "aria-label": "criticises" }, "→"), this.face(data.target_agent, true), h("b", {}, data.target_agent)),
        h("span", { class: `severity ${kind}`, title: `Severity ${percent(data.severity)}` }, [1, 2, 3, 4, 5].map((step) => h("i", { class: step <= steps ? "on" : "" })), h("span", {}, kind)),
        h("span", { class: "first" }, gist(data.issues?.[0] ?? data.reasoning ?? ""))),
      h("div", { class: "body" }, standIn(data), list("What is wrong", data.issues), list("What would help", data.suggestions), data.reasoning ? prose(data.reasoning) : ""));
  }

  drawBars(shares) {
    this.bars.replaceChildren(...shares.map((share) => {
      const seat = (this.seats.get(share.choice)?.seat ?? 0) % 8;
      return h("div", { class: "bar", "data-seat": seat }, h("b", {}, share.choice), meter(share.share, seat), h("span", {}, percent(share.share)),
        h("span", { class: "voters" }, `chosen by ${share.voters.join(", ")}`));
    }));
  }

  count(usage) {
    if (!usage) return;
    this.usage.input += usage.input_tokens ?? 0;
    this.usage.output += usage.output_tokens ?? 0;
    this.usage.cost += usage.cost_microdollars ?? 0;
    if (this.end) return;
    $("usage").hidden = false;
    $("usage").textContent = `${(this.usage.input + this.usage.output).toLocaleString()} tokens` + (this.usage.cost ? ` · $${(this.usage.cost / 1e6).toFixed(this.usage.cost < 1e4 ? 4 : 2)}` : "");
  }

  drawHead() {
    const record = this.record;
    $("task").textContent = record.task;
    $("task").classList.toggle("long", record.task.length > 220);
    document.title = `${record.task.slice(0, 60)} · Aragora`;
    const parts = [`Debate #${record.number}`, plural(record.agents?.length ?? this.seats.size, "agent"), plural(this.totalRounds || record.rounds, "round"), modeWords[this.mode ?? record.consensus_mode] ?? ""];
    $("meta").replaceChildren(parts.filter(Boolean).join(" · ") + " · ", time(record.created_at), record.demo ? " " : "", record.demo ? h("span", { class: "tag" }, "demo agents, not AI models") : "");
    if (!this.seats.size) (record.agents ?? []).forEach((name, seat) => this.seat(name, { seat, demo: record.demo, ...(agents.get(name) ?? {}) }));
    this.drawProgress();
    this.drawFollowUp();
  }

  drawProgress() {
    const status = $("status");
    status.className = `status ${this.record.status}`;
    status.textContent = statusWords[this.record.status] ?? this.record.status;
    const isOver = finished.has(this.record.status);
    $("stop").hidden = isOver;
    $("debate").classList.toggle("over", isOver);
    const rounds = Math.max(this.totalRounds || this.record.rounds || 0, this.round);
    const shown = isOver && this.round ? this.round : rounds;
    const steps = ["Proposals", ...Array.from({ length: shown }, (_, index) => shown > 4 ? `${index + 1}` : `Round ${index + 1}`), "Vote", "Verdict"];
    let now = { "": -1, context: -1, proposals: 0, rounds: this.round, consensus: this.consensus ? shown + 2 : shown + 1 }[this.phase] ?? 0;
    if (isOver) now = this.record.status === "completed" ? steps.length : now;
    $("steps").replaceChildren(...steps.map((step, index) => h("li", { class: index < now ? "done" : index === now && !isOver ? "now" : "", "aria-current": index === now && !isOver ? "step" : undefined }, step)));
    const busy = [...this.seats.values()].filter((member) => member.isBusy).map((member) => member.name);
    $("waiting").hidden = isOver;
    const asked = this.record.status === "paused";
    $("waiting").classList.toggle("asked", asked);
    if (asked) return $("waiting-text").replaceChildren(`Waiting for people: ${this.record.breakpoint?.reason ?? ""} `, h("a", { href: "/approvals" }, "Answer in the inbox"));
    $("waiting-text").textContent = this.record.status === "created" ? "Waiting for a free place …" : this.consensus ? `${this.waitingFor ?? "Closing the debate"} …` : busy.length ? `Waiting for ${busy.join(", ")}` : "Working …";
  }

  finish(status) {
    this.over = true;
    this.dropDrafts();
    this.record.status = status;
    for (const member of this.seats.values()) {
      if (member.isBusy || member.doing.textContent === "Waiting") this.state(member.name, "", status === "completed" ? "Done" : "Stopped");
      if (member.name === this.end?.winner) { member.item.classList.add("winner"); member.doing.textContent = "Its proposal won"; }
      if (member.name === this.end?.synthesized_by) member.doing.textContent = "Wrote the final answer";
    }
    if (!this.end) this.drawVerdict({ status, final_answer: this.record.final_answer ?? "", reason: "" });
    this.drawProgress();
    this.drawFollowUp();
  }

  drawVerdict(end) {
    const [words, tone] = end.status === "completed" ? verdicts[end.verdict] ?? ["Completed", "none"] : [end.status === "cancelled" ? "The debate was cancelled" : "The debate failed", end.status === "failed" ? "bad" : "none"];
    const consensus = this.consensus;
    const agreed = consensus?.shares?.find((share) => share.choice === (end.winner ?? consensus.leader))?.voters ?? [];
    const writer = this.synthesis?.usage?.fallback_model;
    const how = end.status === "failed" ? end.reason || "It could not be finished. On the gateway's machine, aragora doctor checks the model keys." : end.status !== "completed" ? end.reason ?? "" : consensus?.reached
      ? `The panel agreed: ${strengthWords[consensus.strength] ?? ""} support for ${end.winner}'s proposal after ${plural(end.rounds_used ?? 0, "round")}${end.synthesized_by ? `; ${end.synthesized_by} wrote the answer${writer ? ` (answered by ${writer})` : ""}` : ""}.`
      : `The panel did not agree. ${end.reason ?? consensus?.note ?? ""}`;
    const box = $("verdict");
    box.className = `card verdict ${tone}${this.arrives ?? ""}`;
    box.replaceChildren(h("header", {},
      h("h2", { id: "verdict-title" }, words), h("p", { class: "how" }, how),
      end.status === "completed" ? h("div", { class: "sure" }, h("b", {}, percent(end.confidence)), h("span", {}, "confidence"), meter(end.confidence)) : ""));
    if (this.record.demo) box.append(h("p", { class: "demo-line" }, "Offline demo agents wrote this — not AI models. It shows how a debate works and answers nothing."));
    if (end.final_answer) box.append(h("div", { class: "answer prose" }, markdown(end.final_answer)));
    if (end.status === "completed" && end.reason && consensus?.reached) box.append(h("div", { class: "part" }, h("p", { class: "hint" }, end.reason)));
    if (agreed.length) box.append(h("div", { class: "part" }, h("h3", {}, "Who agreed"), h("div", { class: "chips" }, agreed.map((name) => h("span", { class: "chip" }, this.face(name, true), name)))));
    if (consensus?.dissent?.length) {
      box.append(h("div", { class: "part" }, h("h3", {}, "Who did not, in their own words"), consensus.dissent.map((vote) => h("div", { class: "dissent", "data-seat": (this.seats.get(vote.agent)?.seat ?? 0) % 8 },
        vote.reasoning ? h("blockquote", { class: "prose" }, markdown(vote.reasoning)) : "", h("span", { class: "by" }, `${vote.agent}, who chose ${chosen(vote)}, ${percent(vote.confidence)} sure`),
        vote.proposal ? h("details", { class: "plain" }, h("summary", {}, `What ${vote.agent} proposes instead`), prose(vote.proposal)) : ""))));
    }
    const name = `aragora-receipt-${this.id}.json`;
    const failed = h("p", { class: "problem", role: "alert", hidden: true });
    box.append(h("div", { class: "part receipt" }, h("h3", {}, "Receipt"),
      h("div", { class: "row" },
        h("button", { class: "button small", type: "button", onclick: () => this.download(name, failed) }, "Download the receipt"),
        h("button", { class: "button small quiet", type: "button", onclick: (event) => copy(location.href, event.currentTarget) }, "Copy the link"),
        end.final_answer ? h("button", { class: "button small quiet", type: "button", onclick: (event) => copy(end.final_answer, event.currentTarget) }, "Copy the answer") : "", failed),
      h("p", { class: "hint" }, "A signed document of the question, the panel, every vote and the answer. One changed byte and it no longer verifies:"),
      h("pre", { tabindex: "0" }, `aragora receipt verify ${name}`)));
    box.hidden = false;
  }

  async download(name, failed) {
    failed.hidden = true;
    try {
      const file = await (await call(`/debates/${encodeURIComponent(this.id)}/receipt`)).blob();
      const address = URL.createObjectURL(file);
      h("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    } catch (error) {
      failed.textContent = error.status === 404 ? "The receipt is not there yet. Try again in a moment." : error.message;
      failed.hidden = false;
    }
  }

  drawFollowUp() {
    const isOver = finished.has(this.record.status);
    // What is said from here on, no agent reads any more.
    const isVoting = !isOver && (this.phase || this.record.phase) === "consensus";
    $("followup").hidden = isVoting;
    $("followup-closed").hidden = !isVoting;
    $("followup-label").textContent = isOver ? "Ask a follow-up" : "Add evidence";
    $("followup-hint").textContent = isOver ? "A new debate starts with this one's answer as its background." : "The panel takes it up in its next round, as long as there is one.";
    $("followup-send").textContent = isOver ? "Ask again" : "Add";
  }

  async followUp(text) {
    if (!finished.has(this.record.status)) {
      await call(`/debates/${encodeURIComponent(this.id)}/messages`, { method: "POST", body: { content: text, role: "user" }, headers: { "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) } });
      announce("Added. The panel takes it up in its next round, as long as there is one.");
      $("followup-hint").textContent = "Added. It appears when the panel takes it up.";
      return;
    }
    const answer = this.end?.final_answer ?? this.record.final_answer ?? "";
    const dissent = (this.consensus?.dissent ?? []).map((vote) => `- ${vote.agent}: ${vote.reasoning}`).join("\n");
    const context = `An earlier debate of the panel.\n\nQuestion: ${this.record.task}\n\nAnswer: ${answer}${dissent ? `\n\nDissent:\n${dissent}` : ""}`;
    const record = await callJSON("/debates", { method: "POST", body: { task: text, context: context.slice(0, 400000), metadata: { follow_up_of: this.id } } });
    go(`/debates/${record.debate_id}`);
  }

  async stop() {
    try {
      const answer = await callJSON(`/debates/${encodeURIComponent(this.id)}/cancel`, { method: "POST" });
      if (finished.has(answer.status)) await this.refresh();
    } catch (error) {
      if (error.code !== "conflict") trouble(error.message);
      if (error.code !== "token_needed") await this.refresh();
    }
  }
}

async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = label; }, 1800);
}

// The start page

const agents = new Map();

async function loadAgents() {
  const answer = await callJSON("/agents");
  if (agents.size) return;
  for (const agent of answer.agents) agents.set(agent.name, agent);
  $("panel-choice").replaceChildren(...answer.agents.map((agent) => h("label", { class: "choice" },
    h("input", { type: "checkbox", name: "agent", value: agent.name }), agent.name,
    agent.demo ? h("span", { class: "tag" }, "demo") : h("small", {}, agent.model))));
}

async function loadRecent(more = false) {
  const list = $("recent");
  const offset = more ? list.children.length : 0;
  const answer = await callJSON(`/debates?limit=20&offset=${offset}`);
  const entries = answer.debates.map((debate) => {
    const isOver = debate.status === "completed";
    const tone = isOver ? (debate.consensus_reached ? "good" : "warn") : debate.status;
    const words = isOver ? (debate.consensus_reached ? `Agreed · ${percent(debate.confidence)}` : "No consensus") : statusWords[debate.status] ?? debate.status;
    return h("li", {}, h("a", { class: "entry", href: `/debates/${encodeURIComponent(debate.id)}`, "data-route": true },
      h("span", { class: "what" }, debate.title ?? debate.task ?? "A long question"),
      h("span", { class: `status ${tone}` }, words),
      h("span", { class: "when" }, `#${debate.number} · ${(debate.agents ?? []).join(", ")} · `, time(debate.created_at), debate.demo ? " " : "", debate.demo ? h("span", { class: "tag" }, "demo") : "")));
  });
  if (more) list.append(...entries); else list.replaceChildren(...entries);
  $("recent-empty").hidden = list.children.length > 0;
  $("more").hidden = !answer.has_more;
}

/** The key of a question that was sent and not answered yet: sending it again must not start a second debate. */
let pending;

async function ask(event) {
  event.preventDefault();
  const form = $("ask");
  const button = form.querySelector("[type=submit]");
  const task = $("question").value.trim();
  const chosen = [...form.querySelectorAll("[name=agent]:checked")].map((box) => box.value);
  if (!task) return problem("ask-problem", "Write a question first.");
  if (chosen.length === 1) return problem("ask-problem", "A debate needs at least two on the panel.");
  problem("ask-problem");
  const body = { task };
  if ($("rounds").value) body.rounds = Number($("rounds").value);
  if ($("consensus").value) body.consensus = $("consensus").value;
  if ($("background").value.trim()) body.context = $("background").value.trim();
  if (chosen.length) body.agents = chosen;
  const text = JSON.stringify(body);
  if (pending?.text !== text) pending = { text, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  button.disabled = true;
  try {
    const record = await callJSON("/debates", { method: "POST", body, headers: { "Idempotency-Key": pending.key } });
    pending = undefined;
    form.reset();
    drawChosen();
    go(`/debates/${record.debate_id}`);
  } catch (error) {
    problem("ask-problem", error.message);
  } finally {
    button.disabled = false;
  }
}

function drawChosen() {
  const words = [];
  if ($("rounds").value) words.push(plural(Number($("rounds").value), "round"));
  if ($("consensus").value) words.push(modeWords[$("consensus").value]);
  const panel = [...$("ask").querySelectorAll("[name=agent]:checked")].map((box) => box.value);
  if (panel.length) words.push(panel.join(", "));
  if ($("background").value.trim()) words.push("with background");
  $("chosen").textContent = words.join(" · ");
}

// Addresses

let view;

function show(id) {
  for (const section of ["home", "debate", "lost"]) $(section).hidden = section !== id;
  $("new-question").hidden = id === "home";
}

function go(path) {
  history.pushState(null, "", path);
  route();
  $("main").focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function route() {
  view?.close();
  view = undefined;
  trouble();
  const match = /^\/debates\/([^/]+)$/.exec(location.pathname);
  if (match) {
    view = new DebateView(decodeURIComponent(match[1]));
    return view.open();
  }
  document.title = "Aragora";
  show("home");
  try {
    await Promise.all([loadAgents(), loadRecent()]);
  } catch (error) {
    trouble(error.message);
    if (!error.status || error.status >= 500) setTimeout(() => { if (!view && location.pathname === "/") route(); }, 4000);
  }
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[data-route]");
  if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
  event.preventDefault();
  go(anchor.getAttribute("href"));
});
addEventListener("popstate", route);
$("ask").addEventListener("submit", ask);
$("ask").addEventListener("input", drawChosen);
$("ask").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("ask").requestSubmit();
});
$("more").addEventListener("click", () => loadRecent(true).catch((error) => trouble(error.message)));
$("stop").addEventListener("click", () => view?.stop());
$("followup").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("followup-text").value.trim();
  if (!text || !view) return;
  $("followup-send").disabled = true;
  problem("followup-problem");
  try {
    await view.followUp(text);
    $("followup-text").value = "";
  } catch (error) {
    problem("followup-problem", error.message);
  } finally {
    $("followup-send").disabled = false;
  }
});
route();
