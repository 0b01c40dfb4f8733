"use strict";

// The inbox. It asks over the public API; what people typed becomes text nodes, never markup.

const $ = (id) => document.getElementById(id);
const api = "/api/v1";

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

function trouble(text) { $("trouble").hidden = !text; $("trouble").textContent = text ?? ""; }

/** One request; asks for the token where the gateway wants one, and then tries again. */
async function call(path, body) {
  for (;;) {
    const token = sessionStorage.getItem("aragora.token");
    const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) };
    const response = await fetch(api + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    if (response.status === 401) { await askForToken(); continue; }
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error ?? `The gateway answered ${response.status}.`);
    return answer;
  }
}

function askForToken() {
  sessionStorage.removeItem("aragora.token");
  return new Promise((resolve) => {
    $("token").value = "";
    $("token-form").onsubmit = () => { sessionStorage.setItem("aragora.token", $("token").value.trim()); resolve(); };
    $("token-dialog").showModal();
  });
}

function card(approval) {
  const says = h("p", { role: "alert", class: "problem" });
  const comment = h("textarea", { rows: 2, maxlength: 10000, "aria-label": "Reason or guidance", placeholder: "Reason or guidance" });
  const text = approval.operation?.text;
  const edit = text !== undefined && approval.policy.allow_edit
    ? h("textarea", { rows: 6, maxlength: 100000, "aria-label": "Text" }) : undefined;
  if (edit) edit.value = text;
  const buttons = approval.policy.options.map((option) => h("button", {
    class: `button ${{ approve: "primary", reject: "danger" }[option.effect] ?? ""}`, type: "button",
    onclick: async () => {
      says.textContent = "";
      try {
        const body = { option: option.id, comment: comment.value, operation_hash: approval.operation_hash };
        if (edit && edit.value !== text && option.effect === "approve") body.text = edit.value;
        const answer = await call(`/approvals/${encodeURIComponent(approval.id)}/decide`, body);
        $("announcer").textContent = answer.message;
        await show();
      } catch (error) { says.textContent = error.message; }
    },
  }, option.label));
  return h("li", { class: "card answer" },
    h("h2", {}, `#${approval.number} ${approval.title}`),
    h("p", {}, approval.question),
    approval.context && h("pre", {}, approval.context),
    edit ?? (text !== undefined ? h("pre", {}, text) : ""),
    h("p", { class: "meta" }, `${approval.summary} · asked by ${approval.requested_by}`
      + (approval.expires_at ? ` · until ${new Date(approval.expires_at).toLocaleString()}` : "")),
    comment, h("div", { class: "row end" }, buttons), says);
}

async function show() {
  try {
    const wanted = location.pathname.split("/")[2];
    const found = await call("/approvals?limit=200");
    const list = found.approvals.filter((approval) => !wanted || approval.id === wanted || String(approval.number) === wanted);
    $("inbox").replaceChildren(...list.map(card));
    $("empty").hidden = list.length > 0;
    trouble("");
  } catch (error) { trouble(error.message); }
}

const isBusy = () => document.activeElement?.tagName === "TEXTAREA" || [...document.querySelectorAll("li textarea")].some((area) => area.value);
show();
setInterval(() => { if (!document.hidden && !isBusy()) show(); }, 5000);
