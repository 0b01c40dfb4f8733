"use strict";

// The page of the webhooks: endpoints, health and attempts, over the public API. Text becomes text nodes, never markup.

async function act(method, path) {
  try {
    await callJSON(path, { method });
    trouble("");
  } catch (error) {
    trouble(error.message);
  }
  await show();
}

async function attempts(endpoint) {
  const { attempts } = await callJSON(`/webhooks/${endpoint.id}/attempts?limit=100`);
  $("log").hidden = false;
  $("log-name").textContent = endpoint.name || endpoint.url;
  $("attempts").replaceChildren(...attempts.map((attempt) => h("tr", { class: attempt.success ? "" : "failed" },
    h("td", {}, new Date(attempt.attempted_at).toLocaleString()),
    h("td", {}, attempt.event),
    h("td", { title: attempt.response_body.slice(0, 500) }, String(attempt.status_code ?? attempt.error)),
    h("td", {}, `${attempt.duration_ms} ms`),
    h("td", {}, h("code", {}, attempt.message_id)),
  )));
}

function card(endpoint) {
  const id = endpoint.id;
  const button = (label, action) => h("button", { class: "button small", type: "button", onclick: action }, label);
  const colour = { healthy: "good", failing: "bad", disabled: "bad" }[endpoint.health] ?? "warn";
  return h("article", { class: "card" },
    h("div", { class: "row" }, h("h2", {}, endpoint.name || endpoint.url), h("span", { class: `status ${colour}` }, endpoint.health)),
    endpoint.status_reason ? h("p", {}, endpoint.status_reason) : "",
    endpoint.failing_since ? h("p", {}, `Failing since ${new Date(endpoint.failing_since).toLocaleString()}.`) : "",
    h("p", {}, h("code", {}, endpoint.url)),
    h("p", { class: "hint" }, `${endpoint.workspace} · ${endpoint.events.join(", ")} · ${endpoint.delivery_count} delivered, `
      + `${endpoint.failure_count} failed attempts`),
    h("div", { class: "row" },
      button("Attempts", () => attempts(endpoint).catch((error) => trouble(error.message))),
      button("Test", () => act("POST", `/webhooks/${id}/test`)),
      endpoint.active ? button("Pause", () => act("POST", `/webhooks/${id}/pause`))
        : button("Resume", () => act("POST", `/webhooks/${id}/resume`)),
    ),
  );
}

async function show() {
  try {
    const [{ webhooks, total }, counts] = await Promise.all([callJSON("/webhooks?limit=200"), callJSON("/webhooks/queue/stats")]);
    $("summary").textContent = `${total} ${total === 1 ? "webhook" : "webhooks"} · ${counts.pending} ${counts.pending === 1 ? "delivery waits" : "deliveries wait"} · ${counts.dead_letter} given up`;
    $("endpoints").replaceChildren(...webhooks.map(card));
    if (!webhooks.length) $("endpoints").append(h("p", { class: "empty" }, "Nobody listens yet. ", h("code", {}, "POST /api/v1/webhooks"), " makes a webhook."));
  } catch (error) {
    trouble(error.message);
  }
}

show();
