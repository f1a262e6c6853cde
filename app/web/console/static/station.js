// Keeps receipts in this browser while the network is away, and sends each until the server has it. The key of a form
// makes what is sent twice one receipt. Without this file the form is sent as any other.
"use strict";

const NAME = "bridge.station";
const goods = document.getElementById("goods");
const notice = document.getElementById("queue");
const scan = document.getElementById("scan");
const EVERY = 10_000;
const PATIENCE = 4_000;

const waiting = () => JSON.parse(localStorage.getItem(NAME) ?? "[]");
const keep = (receipts) => localStorage.setItem(NAME, JSON.stringify(receipts));
// Said until the next receipt: that what was scanned could not be looked up.
let unknown = "";

function show(problem = unknown) {
  const number = waiting().length;
  notice.hidden = !number && !problem;
  notice.textContent = [number ? `${notice.dataset.waits} ${number}.` : "", problem].filter(Boolean).join(" ");
}

async function post(receipt) {
  const body = new URLSearchParams(receipt.fields);
  // The token of a page that was opened yesterday is of no use: the one of this page is taken.
  body.set("csrf_token", goods.elements.csrf_token.value);
  return fetch(receipt.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(EVERY),
    body,
  });
}

// What the server does not take comes back as the form that it was, with what is to be mended.
function natively({ action, fields }) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action, hidden: true });
  for (const [name, value] of fields) {
    const kept = name === "csrf_token" ? goods.elements.csrf_token.value : value;
    form.append(Object.assign(document.createElement("input"), { name, value: kept }));
  }
  document.body.append(form);
  form.submit();
}

let sending = false;

async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let receipts = waiting(); receipts.length; receipts = waiting()) {
      const answer = await post(receipts[0]);
      if (answer.type === "opaqueredirect" || answer.status === 400) return show(notice.dataset.signin);
      if (answer.status >= 500 || answer.status === 429) return show();
      const told = await answer.json();
      keep(waiting().filter(({ key }) => key !== receipts[0].key));
      if (told.problem) return natively(receipts[0]);
      if (!waiting().length && receipts[0].here) return location.assign(told.address);
    }
    show();
  } catch {
    show();
  } finally {
    sending = false;
  }
}

function clear() {
  const blank = { code: "", units: "", grade: "", remark: "", reference: "", return_id: "" };
  for (const field of goods.elements) {
    if (field.name in blank) field.value = blank[field.name];
    field.readOnly = false;
  }
  goods.elements.key.value = `station-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  // What the page says of the return before is not of the next parcel.
  for (const cell of goods.querySelectorAll("td.number")) cell.textContent = "–";
  for (const said of document.querySelectorAll("main .facts, main .problem")) said.remove();
  scan.value = "";
  unknown = "";
  askForGrades();
  goods.elements.reference.focus();
}

// A scan ends with Enter. Without a network that would leave this page for one that cannot be had: it stays, and what
// was scanned stands on the parcel.
scan.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await fetch(scan.form.action, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    scan.form.submit();
  } catch {
    const scanned = scan.value;
    // The lines on the page are another parcel's.
    if (goods.elements.reference.value && goods.elements.reference.value !== scanned) clear();
    goods.elements.reference.value = scanned;
    unknown = notice.dataset.unknown;
    show();
    [...goods.querySelectorAll("[name=code]")].find((field) => !field.value)?.focus();
  }
});

// A grade that nobody chose would be a judgement that nobody made. The server asks for one, too; the network may be away.
function askForGrades() {
  for (const row of goods.querySelectorAll("tbody tr")) {
    const [units, grade] = ["units", "grade"].map((name) => row.querySelector(`[name=${name}]`));
    grade.required = !["", "0"].includes(units.value.trim());
  }
}

goods.addEventListener("input", askForGrades);
goods.addEventListener("submit", (event) => {
  event.preventDefault();
  goods.elements.received_at.value = new Date().toISOString();
  const fields = [...new FormData(goods)];
  const { key, reference } = Object.fromEntries(fields);
  keep([...waiting(), { key, reference, action: goods.action, fields, here: navigator.onLine }]);
  clear();
  show();
  send();
});

// What was entered while the network was away is not this page's any more: nobody wants to be led off to it later.
function later() {
  keep(waiting().map((receipt) => ({ ...receipt, here: false })));
  send();
}

addEventListener("online", later);
setInterval(later, EVERY);
askForGrades();
show();
later();
