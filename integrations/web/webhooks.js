"use strict";

// The page of the webhooks: endpoints, health and attempts, over the public API. Text becomes text nodes, never markup.

async function act(method, path) {
  try {
    await callJSON(path, { method });
    trouble("");
  } catch (error) {
    trouble(error.message);
    if (error.code === "token_needed") return;
  }
  await show();
}

/** Shows a dialog that is gone once it is closed; one that stays comes back until its own button has closed it. */
function ask(title, content, stays = false) {
  const leave = () => { if (stays && !dialog.returnValue) dialog.showModal(); else dialog.remove(); };
  const dialog = h("dialog", { "aria-label": title, onclose: leave }, content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** What closes the dialog around it, and nothing else. */
const closing = (label, kind = "quiet") => h("button", { class: `button ${kind}`, type: "button",
  onclick: (event) => event.target.closest("dialog").close("closed") }, label);

/** Asks where events are to go, and shows the secret, which nobody sees again. */
function create() {
  const url = h("input", { id: "url", type: "url", required: true, placeholder: "https://example.com/aragora", autocomplete: "off" });
  const name = h("input", { id: "name", maxlength: "100", autocomplete: "off" });
  const events = h("input", { id: "events", placeholder: "*", autocomplete: "off", spellcheck: "false" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const send = async (event) => {
    event.preventDefault();
    const wanted = events.value.split(/[\s,]+/).filter(Boolean);
    const body = { url: url.value.trim(), name: name.value.trim(), ...(wanted.length ? { events: wanted } : {}) };
    try {
      const { webhook } = await callJSON("/webhooks", { method: "POST", body });
      dialog.close();
      ask("The secret", h("form", { method: "dialog" }, h("h2", {}, "Keep this secret"),
        h("p", {}, "Receivers check with it that messages come from here. It is shown this once."),
        h("pre", { tabindex: "0" }, webhook.secret),
        h("div", { class: "row end" }, closing("I have it", "primary"))), true);
      await show();
    } catch (error) {
      problem.hidden = false;
      problem.textContent = error.message;
    }
  };
  const dialog = ask("New webhook", h("form", { onsubmit: send },
    h("h2", {}, "New webhook"),
    h("label", { for: "url" }, "Address"), url,
    h("label", { for: "name" }, "Name"), name,
    h("label", { for: "events" }, "Events"), events,
    h("p", {}, "Names with commas between, such as ", h("code", {}, "verdict, approval.*"), "; empty for all."),
    problem,
    h("div", { class: "row end" }, closing("Cancel"), h("button", { class: "button primary", type: "submit" }, "Create"))));
}

function remove(endpoint) {
  const sure = async () => {
    dialog.close();
    await act("DELETE", `/webhooks/${endpoint.id}`);
  };
  const dialog = ask("Delete a webhook", h("form", { method: "dialog" },
    h("h2", {}, `Delete ${endpoint.name || endpoint.url}?`),
    h("p", {}, "What it is still owed is not delivered any more, and its log goes with it."),
    h("div", { class: "row end" }, closing("Keep it"), h("button", { class: "button danger", type: "button", onclick: sure }, "Delete"))));
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
    endpoint.error || endpoint.status_reason ? h("p", {}, endpoint.error || endpoint.status_reason) : "",
    endpoint.failing_since ? h("p", {}, `Failing since ${new Date(endpoint.failing_since).toLocaleString()}.`) : "",
    h("p", {}, h("code", {}, endpoint.url)),
    h("p", { class: "hint" }, `${endpoint.workspace} · ${endpoint.events.join(", ")} · ${endpoint.delivery_count} delivered, `
      + `${endpoint.failure_count} failed attempts`),
    h("div", { class: "row" },
      button("Attempts", () => attempts(endpoint).catch((error) => trouble(error.message))),
      button("Test", () => act("POST", `/webhooks/${id}/test`)),
      endpoint.active ? button("Pause", () => act("POST", `/webhooks/${id}/pause`))
        : button("Resume", () => act("POST", `/webhooks/${id}/resume`)),
      button("Delete", () => remove(endpoint)),
    ),
  );
}

async function show() {
  try {
    const [{ webhooks, total }, counts] = await Promise.all([callJSON("/webhooks?limit=200"), callJSON("/webhooks/queue/stats")]);
    $("summary").textContent = `${total} ${total === 1 ? "webhook" : "webhooks"} · ${counts.pending} ${counts.pending === 1 ? "delivery waits" : "deliveries wait"} · ${counts.dead_letter} given up`;
    $("endpoints").replaceChildren(...webhooks.map(card));
    if (!webhooks.length) $("endpoints").append(h("p", { class: "empty" }, "Nobody listens yet."));
  } catch (error) {
    trouble(error.message);
  }
}

$("new").addEventListener("click", create);
show();
