"use strict";

// Markdown: CommonMark's usual blocks and GFM's tables, as nodes; what a model or a person wrote never becomes markup.
//
// A text of any form costs time and nodes by its length alone: no pattern tries the same characters again and again, and
// what stands at the end of a text is looked for from its end.

const maximumColumns = 256;

function markdown(text, depth = 0) {
  const output = document.createDocumentFragment();
  const lines = String(text ?? "").replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  const item = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
  const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)/;
  const rule = /^ {0,3}([-*_])( *\1){2,} *$/;
  const isTableRule = (line) => line !== undefined && line.includes("-") && line.includes("|") && /^[ |:-]+$/.test(line);
  const startsBlock = (line) => fence.test(line) || rule.test(line) || /^ {0,3}(#{1,6}( |$)|>)/.test(line) || item.test(line);
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) {
      at += 1;
    } else if ((match = fence.exec(line))) {
      const [, mark] = match;
      const code = [];
      for (at += 1; at < lines.length; at += 1) {
        const end = lines[at].trim();
        if (end.length >= mark.length && end === mark[0].repeat(end.length)) break;
        code.push(lines[at]);
      }
      at += 1;
      output.append(h("pre", { tabindex: "0" }, h("code", {}, code.join("\n"))));
    } else if ((match = /^ {0,3}(#{1,6})(?= |$)/.exec(line))) {
      output.append(inline(headingText(line.slice(match[0].length)), h(`h${Math.min(6, match[1].length + 2)}`)));
      at += 1;
    } else if (rule.test(line)) {
      output.append(h("hr"));
      at += 1;
    } else if (/^ {0,3}>/.test(line) && depth < 8) {
      const quoted = [];
      while (at < lines.length && /^ {0,3}>/.test(lines[at])) quoted.push(lines[at++].replace(/^ {0,3}> ?/, ""));
      output.append(h("blockquote", {}, markdown(quoted.join("\n"), depth + 1)));
    } else if (item.test(line) && depth < 8) {
      const [list, next] = markdownList(lines, at, depth, item);
      output.append(list);
      at = next;
    } else if (line.includes("|") && isTableRule(lines[at + 1]) && (match = cells(line)).length <= maximumColumns) {
      const head = match;
      const body = [];
      for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) body.push(cells(lines[at]).slice(0, head.length));
      output.append(h("div", { class: "table", tabindex: "0" },
        h("table", {}, h("thead", {}, row(head, "th", head.length)), h("tbody", {}, body.map((texts) => row(texts, "td", head.length))))));
    } else {
      const paragraph = [line];
      for (at += 1; at < lines.length && lines[at].trim() && !startsBlock(lines[at]); at += 1) paragraph.push(lines[at]);
      output.append(inline(paragraph.map((part) => part.trimStart()).join("\n"), h("p")));
    }
  }
  return output;
}

function markdownList(lines, start, depth, item) {
  const ordered = /\d/.test(item.exec(lines[start])[2]);
  const first = parseInt(item.exec(lines[start])[2], 10);
  const list = h(ordered ? "ol" : "ul", ordered && first !== 1 ? { start: first } : {});
  let at = start;
  while (at < lines.length) {
    const match = item.exec(lines[at]);
    if (!match || /\d/.test(match[2]) !== ordered) break;
    const indent = match[1].length + match[2].length + Math.min(match[3].length || 1, 4);
    const inside = [lines[at].slice(match[0].length).replace(/^\[([ xX])\] /, (_, mark) => (mark === " " ? "☐ " : "☑ "))];
    let loose = false;
    for (at += 1; at < lines.length; at += 1) {
      const line = lines[at];
      const deep = line.length - line.trimStart().length;
      if (!line.trim()) {
        const next = lines[at + 1];
        if (next === undefined || !next.trim() || (next.length - next.trimStart().length < Math.min(indent, 2) && !item.test(next))) break;
        loose = true;
        inside.push("");
      } else if (deep >= Math.min(indent, 2)) {
        inside.push(line.slice(Math.min(deep, indent)));
      } else if (item.test(line) || loose) {
        break;
      } else {
        inside.push(line.trimStart());
      }
    }
    const content = markdown(inside.join("\n"), depth + 1);
    const entry = h("li");
    // A tight item's first paragraph stands in the item itself.
    for (const node of [...content.childNodes]) {
      if (node.nodeName === "P" && !loose) while (node.firstChild) entry.append(node.firstChild);
      else entry.append(node);
    }
    list.append(entry);
    while (at < lines.length && !lines[at].trim() && lines[at + 1] !== undefined && item.test(lines[at + 1])) at += 1;
  }
  return [list, at];
}

/** What a heading says, without the marks that may close it. */
function headingText(rest) {
  const text = rest.trim();
  const end = trimmedEnd(text, "#");
  if (end === 0) return "";
  return end < text.length && text[end - 1] === " " ? text.slice(0, end).trimEnd() : text;
}

/** Where a text ends without those of the characters that stand at its end. */
function trimmedEnd(text, characters) {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1])) end -= 1;
  return end;
}

/** A row of a table; the cells that it lacks are one, so that a table has no more nodes than its text has characters. */
function row(texts, tag, columns) {
  const rest = columns - texts.length;
  return h("tr", {}, texts.map((text) => inline(text, h(tag))), rest > 0 ? h(tag, { colspan: rest }) : "");
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));

/** Appends a text with its emphasis, code and links to an element. */
function inline(text, element, depth = 0) {
  // The lines before the present one, and what the present one has since the last node.
  let above = "";
  let plain = "";
  const flush = () => { if (above || plain) element.append(above + plain); above = plain = ""; };
  const put = (node) => { flush(); element.append(node); };
  const missing = new Set();
  let at = 0;
  while (at < text.length) {
    const rest = text[at];
    if (rest === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else if (rest === "\n") {
      const hard = plain.endsWith("  ") || plain.endsWith("\\");
      above += plain.slice(0, trimmedEnd(plain, " \\"));
      plain = "";
      if (hard) put(h("br")); else above += "\n";
      at += 1;
    } else if (rest === "`") {
      let run = 1;
      while (text[at + run] === "`") run += 1;
      const mark = "`".repeat(run);
      const end = missing.has(mark) ? -1 : text.indexOf(mark, at + run);
      if (end < 0) { missing.add(mark); plain += mark; at += run; continue; }
      put(h("code", {}, text.slice(at + run, end).trim()));
      at = end + run;
    } else if (depth < 6 && (rest === "*" || rest === "_" || rest === "~")) {
      const mark = text.startsWith(rest + rest, at) ? rest + rest : rest;
      const end = rest === "~" && mark === "~" ? -1 : closing(text, at, mark, missing);
      if (end < 0) { plain += mark; at += mark.length; continue; }
      put(inline(text.slice(at + mark.length, end), h(rest === "~" ? "del" : mark.length === 2 ? "strong" : "em"), depth + 1));
      at = end + mark.length;
    } else if (depth < 6 && (rest === "[" || (rest === "!" && text[at + 1] === "["))) {
      // Pictures come from elsewhere, so they are shown as links.
      const match = /^!?\[((?:[^\[\]\\]|\\.){0,1000})\]\(\s*<?([^\s<>()]{1,2200}(?:\([^\s()]{0,200}\)[^\s<>()]{0,200})?)>?(?:\s+["'][^"']{0,300}["'])?\s*\)/.exec(text.slice(at, at + 3600));
      if (!match) { plain += rest; at += 1; continue; }
      put(link(match[2], inline(match[1] || match[2], h("span"), depth + 1)));
      at += match[0].length;
    } else if (rest === "<" && /^<https?:\/\/[^\s<>]{1,2000}>/.test(text.slice(at, at + 2010))) {
      const end = text.indexOf(">", at);
      put(link(text.slice(at + 1, end), text.slice(at + 1, end)));
      at = end + 1;
    } else if (text.startsWith("http://", at) || text.startsWith("https://", at)) {
      const [url] = /^[^\s<>"'`*\]|]{1,2000}/.exec(text.slice(at, at + 2000));
      const trimmed = url.slice(0, trimmedEnd(url, ".,;:!?)"));
      put(link(trimmed, trimmed));
      at += trimmed.length;
    } else {
      plain += rest;
      at += 1;
    }
  }
  flush();
  return element;
}

/** Where an emphasis that opens at a position closes, or -1. */
function closing(text, start, mark, missing) {
  const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
  const inner = text[start + mark.length];
  if (missing.has(mark) || inner === undefined || /\s/.test(inner)) return -1;
  if (mark[0] === "_" && isWord(text[start - 1])) return -1;
  let end = start + mark.length;
  for (;;) {
    end = text.indexOf(mark, end + 1);
    if (end < 0) { missing.add(mark); return -1; }
    if (/\s/.test(text[end - 1]) || text[end - 1] === "\\") continue;
    if (mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark)) { end += 1; continue; }
    if (mark[0] === "_" && isWord(text[end + mark.length])) continue;
    // Of a longer run, the outer emphasis takes the last two.
    if (mark.length === 2) while (text[end + 2] === mark[0]) end += 1;
    return end;
  }
}

function link(address, content) {
  let url;
  try { url = new URL(address); } catch { url = undefined; }
  if (!url || !["http:", "https:", "mailto:"].includes(url.protocol)) return h("span", {}, content);
  return h("a", { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank" }, content);
}

const prose = (text) => h("div", { class: "prose" }, markdown(text));
