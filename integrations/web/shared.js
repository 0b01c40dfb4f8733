"use strict";

// What every built-in page needs: nodes instead of markup, the public API, and the gateway's token.

const $ = (id) => document.getElementById(id);
const api = "/api/v1";

/** Makes an element; strings among the children become text nodes. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  // One by one: a call takes only so many.
  for (const child of children.flat()) if (child !== undefined && child !== null && child !== "") element.append(child);
  return element;
}

function trouble(text) { $("trouble").hidden = !text; $("trouble").textContent = text ?? ""; }
function problem(id, text) { $(id).hidden = !text; $(id).textContent = text ?? ""; }

class Failure extends Error {
  constructor(message, status, code) { super(message); this.status = status; this.code = code; }
}

/** One request; asks for the token where the gateway wants one, and then tries again. */
async function call(path, { method = "GET", body, headers = {}, signal } = {}) {
  for (;;) {
    const token = sessionStorage.getItem("aragora.token");
    const sent = { ...headers };
    if (token) sent.Authorization = `Bearer ${token}`;
    if (method !== "GET") sent["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(api + path, {
        method, signal, headers: sent, cache: "no-store", body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Failure("The gateway cannot be reached. Is it still running?", 0, "unreachable");
    }
    if (response.status === 401) {
      await askForToken(Boolean(token));
      continue;
    }
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      throw new Failure(answer.error ?? `The gateway answered with status ${response.status}.`, response.status, answer.code);
    }
    return response;
  }
}
const callJSON = async (path, options) => (await call(path, options)).json();

let tokenAsked;
/** Asks for the token once, however many requests wait for it; who leaves the dialogue is asked again by the next one. */
function askForToken(wasWrong) {
  sessionStorage.removeItem("aragora.token");
  tokenAsked ??= new Promise((resolve, reject) => {
    const input = h("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true });
    const take = (event) => {
      event.preventDefault();
      sessionStorage.setItem("aragora.token", input.value.trim());
      tokenAsked = undefined;
      dialog.remove();
      resolve();
    };
    const leave = () => {
      tokenAsked = undefined;
      dialog.remove();
      reject(new Failure("The token is needed for this. Try again, or reload the page, to be asked for it.", 401, "token_needed"));
    };
    const dialog = h("dialog", { "aria-labelledby": "token-title", onclose: leave },
      h("form", { method: "dialog", onsubmit: take },
        h("h2", { id: "token-title" }, "This gateway asks for its token"),
        h("p", {}, "It is the value of ", h("code", {}, "ARAGORA_API_TOKEN"),
          ". It is kept in this tab only and forgotten when you close it."),
        h("label", { for: "token" }, "API token"), input,
        wasWrong ? h("p", { class: "problem", role: "alert" }, "That was not the token of this gateway.") : "",
        h("div", { class: "row end" }, h("button", { class: "button primary", type: "submit" }, "Continue"))));
    document.body.append(dialog);
    dialog.showModal();
  });
  return tokenAsked;
}
