"use strict";

// The inbox. It asks over the public API; what people typed becomes text nodes, never markup.

function card(approval) {
  const says = h("p", { role: "alert", class: "problem" });
  const comment = h("textarea", { rows: 2, maxlength: 10000, "aria-label": "Reason or guidance", placeholder: "Reason or guidance" });
  const text = approval.operation?.text;
  // What is too long for a list is decided where all of it stands.
  const isLong = approval.left_out !== undefined;
  const isOpen = approval.status === "pending" && approval.can_decide && !isLong;
  const edit = isOpen && text !== undefined && approval.policy.allow_edit
    ? h("textarea", { rows: 6, maxlength: 100000, "aria-label": "Text" }) : undefined;
  if (edit) edit.defaultValue = text;
  const isPending = approval.status === "pending";
  const buttons = !isPending || isLong ? [] : approval.policy.options.map((option) => h("button", {
    class: `button ${{ approve: "primary", reject: "danger" }[option.effect] ?? ""}`, type: "button",
    disabled: !approval.can_decide,
    onclick: async () => {
      says.textContent = "";
      try {
        const body = { option: option.id, comment: comment.value, operation_hash: approval.operation_hash };
        if (edit && edit.value !== text && option.effect === "approve") body.text = edit.value;
        const answer = await callJSON(`/approvals/${encodeURIComponent(approval.id)}/decide`, { method: "POST", body });
        $("announcer").textContent = answer.message;
        shown.delete(approval.id);
        await show();
        $("main").focus({ preventScroll: true });
      } catch (error) {
        says.textContent = error.code === "comment_required" ? "This answer needs a reason: write it above." : error.message;
        if (error.code !== "changed") return;
        shown.delete(approval.id);
        await show();
        $("main").focus({ preventScroll: true });
        $("announcer").textContent = "The text was changed meanwhile. Read it once more, and answer then.";
        trouble("The text was changed meanwhile. It is shown as it is now: read it once more, and answer then.");
      }
    },
  }, option.label));
  return h("li", { class: "card answer" },
    h("h2", {}, `#${approval.number} ${approval.title}`),
    approval.question && prose(approval.question),
    isLong ? h("p", {}, h("a", { href: `/approvals/${encodeURIComponent(approval.id)}` }, "Read all of it and decide")) : "",
    approval.debate_id && h("p", {}, h("a", { href: `/debates/${encodeURIComponent(approval.debate_id)}` }, "Read the debate")),
    approval.context && prose(approval.context),
    edit ?? (text !== undefined ? h("pre", {}, text) : ""),
    approval.operation_json && h("p", { class: "hint" }, "Exactly this is decided"),
    approval.operation_json && h("pre", {}, approval.operation_json),
    isPending ? "" : h("p", { class: "outcome" }, `It is ${approval.status}: ${approval.summary}`),
    !isPending || isOpen || isLong ? "" : h("p", { class: "hint" }, "An answer from here would not count: others were asked, or it has been given."),
    h("p", { class: "hint" }, `Operation ${approval.operation_hash.slice(0, 12)} · ${approval.summary} · asked by ${approval.requester_name ?? approval.requested_by} · workspace ${approval.workspace}`
      + (approval.expires_at ? ` · until ${new Date(approval.expires_at).toLocaleString()}` : "")),
    isOpen ? comment : "", h("div", { class: "row end" }, buttons), says);
}

/** The cards on the screen by their requests' ids, each with what it shows. */
const shown = new Map();
let lacksToken = false;

/** Whether somebody is at a card, which must not change under their hands. */
const isBusy = (node) => node.contains(document.activeElement)
  || [...node.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);

/** Brings the list up to date; a card of which nothing changed stays the same node, with the focus in it. */
function draw(list) {
  const nodes = list.map((approval) => {
    const state = JSON.stringify(approval);
    const known = shown.get(approval.id);
    if (known && (known.state === state || isBusy(known.node))) return known.node;
    const node = card(approval);
    shown.set(approval.id, { state, node });
    return node;
  });
  for (const [id, { node }] of shown) if (!nodes.includes(node) && !isBusy(node)) shown.delete(id);
  const kept = new Set([...shown.values()].map(({ node }) => node));
  const inbox = $("inbox");
  for (const node of [...inbox.children]) if (!kept.has(node)) node.remove();
  nodes.forEach((node, place) => { if (inbox.children[place] !== node) inbox.insertBefore(node, inbox.children[place] ?? null); });
  $("empty").hidden = inbox.children.length > 0;
}

async function show() {
  try {
    const wanted = location.pathname.split("/")[2];
    // One request is shown with its outcome when it has ended; the inbox has those that wait.
    draw(wanted ? [await callJSON(`/approvals/${encodeURIComponent(wanted)}`)] : (await callJSON("/approvals?limit=200")).approvals);
    lacksToken = false;
    trouble("");
  } catch (error) {
    lacksToken = error.code === "token_needed";
    trouble(error.message);
  }
}

show();
setInterval(() => { if (!document.hidden && !lacksToken) show(); }, 5000);
