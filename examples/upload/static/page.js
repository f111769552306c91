// The page of the upload. It signs nobody in: the accounts service gives it a token for the session of its own cookie.

const { accounts, audience } = document.body.dataset;
const $ = (id) => document.getElementById(id);
const CREATE = `mutation CreateAccessToken($input: CreateAccessTokenInput!) {
  createAccessToken(input: $input) {
    __typename
    ... on CreateAccessTokenSuccess { accessToken expiresAt }
    ... on UserError { message }
  }
}`;
const STATES = {
  received: "En espera",
  reserved: "Timbrando…",
  stamped: "Timbrando…",
  refused: "Rechazada",
  confirmed: "Timbrada",
  released: "Rechazada",
  failed: "No se timbró",
  disputed: "En revisión",
};
const OUTCOMES = {
  confirmed: "¡Listo! Tu factura está timbrada.",
  disputed: "Tu factura está en revisión. No la subas de nuevo.",
};
const NOTICES = {
  "account.activated": () => "Tu cuenta está activa.",
  "account.lapsed": () => "Terminó el tiempo que pagaste.",
  "account.deactivated": () => "Tu cuenta ya no está activa.",
  "account.updated": () => "Cambiaron los datos de tu cuenta.",
  "series.created": () => "Agregaste una serie.",
  "series.updated": () => "Cambió una serie.",
  "series.deleted": () => "Eliminaste una serie.",
  "invoice.confirmed": ({ invoiceUuid }) => `Registramos la factura ${invoiceUuid}.`,
  "stamps.low": ({ stampsLeft }) => (stampsLeft ? `Te quedan pocos timbres: ${stampsLeft}.` : "Ya no te quedan timbres."),
};
const money = new Intl.NumberFormat("es-MX", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const moment = new Intl.DateTimeFormat("es-MX", { dateStyle: "medium", timeStyle: "short" });

class SignedOutError extends Error {}

let token; // in memory alone
let upload; // the id of the file that is chosen, which a repeated upload keeps

async function accessToken() {
  if (token && Date.parse(token.expiresAt) - Date.now() > 60_000) return token.accessToken;
  const response = await fetch(`${accounts}/graphql`, {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json", "Accept-Language": "es" },
    body: JSON.stringify({ query: CREATE, variables: { input: { audience } } }),
  });
  if (!response.ok) throw new Error(response.statusText);
  const result = (await response.json()).data.createAccessToken;
  if (result.__typename === "NotAuthenticatedError") throw new SignedOutError();
  if (result.__typename !== "CreateAccessTokenSuccess") throw new Error(result.message);
  token = result;
  return token.accessToken;
}

/** Asks our back end; once more with another token if it refuses this one. */
async function ask(path, options = {}) {
  for (const last of [false, true]) {
    const headers = { ...options.headers, Authorization: `Bearer ${await accessToken()}` };
    const response = await fetch(path, { ...options, headers });
    if (response.status !== 401 || last) return response;
    token = undefined;
  }
}

function say(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show({ account, invoices, notices }) {
  const { company, active, stamps_left: left } = account;
  const chosen = $("series").value;
  $("series").replaceChildren(
    ...(company?.series ?? []).map(({ id, name, next_folio: next }) =>
      element("option", { value: id, textContent: `${name || "Sin nombre"} · ${next ? `sigue el folio ${next}` : "sin folios"}` }),
    ),
  );
  if (chosen) $("series").value = chosen;
  $("stamps").textContent = active ? `Te quedan ${left} timbres.` : "Tu cuenta no está activa. Paga un plan para facturar.";
  $("notices").replaceChildren(
    ...notices
      .filter(({ type }) => NOTICES[type])
      .map(({ type, content, at }) => element("li", { textContent: `${moment.format(new Date(at))}: ${NOTICES[type](content)}` })),
  );
  $("empty").hidden = invoices.length > 0;
  $("invoices").replaceChildren(...invoices.map(row));
}

function row({ request_id: id, receiver, total, state, series, folio, uuid, reason, created_at: at }) {
  const badge = element("span", { className: `badge ${state}`, textContent: STATES[state] });
  const number = [series, folio].filter(Boolean).join(" ");
  const item = element(
    "li",
    {},
    element("p", {}, badge, " ", element("strong", { textContent: number || "Sin folio" }), ` · ${receiver} · $${money.format(total)}`),
    element("p", { className: "hint", textContent: moment.format(new Date(at)) }),
  );
  if (uuid) item.append(element("p", { className: "hint break", textContent: `Folio fiscal ${uuid}` }));
  if (reason) item.append(element("p", { className: "reason", textContent: reason }));
  if (uuid && ["confirmed", "disputed"].includes(state)) {
    const button = element("button", { type: "button", className: "button", textContent: "Descargar XML" });
    button.setAttribute("aria-label", `Descargar XML de la factura ${number}`);
    button.addEventListener("click", () => download(id, number).catch(explain));
    item.append(button);
  }
  return item;
}

async function download(id, number) {
  const response = await ask(`/invoices/${id}.xml`);
  if (!response.ok) throw new Error(response.statusText);
  const url = URL.createObjectURL(await response.blob());
  element("a", { href: url, download: `${number.replaceAll(" ", "-")}.xml` }).click();
  URL.revokeObjectURL(url);
}

function explain(error) {
  const out = error instanceof SignedOutError;
  $("signed-out").hidden = !out;
  $("signed-in").hidden = out;
  say(out ? "" : "No pudimos conectarnos. Lo intentamos de nuevo en unos segundos.");
}

function showProblems(problems) {
  $("problems").replaceChildren(...problems.map(({ message }) => element("li", { textContent: message })));
}

async function send(event) {
  event.preventDefault();
  const button = event.target.querySelector("button");
  const series = $("series").value;
  upload ??= crypto.randomUUID();
  showProblems([]);
  button.disabled = true;
  say("Un momento…");
  try {
    const options = { method: "PUT", headers: { "Content-Type": "application/xml" }, body: $("file").files[0] };
    const response = await ask(`/invoices/${upload}?series=${encodeURIComponent(series)}`, options);
    if (response.ok) {
      const { state, reason } = await response.json();
      event.target.reset();
      $("series").value = series;
      upload = undefined;
      say(reason ?? OUTCOMES[state] ?? "El proveedor tarda en responder. Te avisamos aquí.");
    } else if (response.status === 413) {
      say("");
      showProblems([{ message: "El archivo es demasiado grande: un CFDI cabe en 100 kB." }]);
    } else if ([409, 422, 429].includes(response.status)) {
      upload = undefined;
      say("");
      showProblems((await response.json()).problems);
    } else {
      say("No pudimos enviar tu factura. Intenta de nuevo: no se timbrará dos veces.");
    }
  } catch (error) {
    explain(error);
  } finally {
    button.disabled = false;
  }
}

/** Shows what there is, then waits for what changes. */
async function follow() {
  let version;
  for (;;) {
    try {
      const response = await ask(`/invoices${version ? `?after=${encodeURIComponent(version)}` : ""}`);
      if (!response.ok) throw new Error(response.statusText);
      const state = await response.json();
      if ($("signed-in").hidden) {
        $("signed-in").hidden = false;
        $("signed-out").hidden = true;
        say("");
      }
      version = state.version;
      show(state);
    } catch (error) {
      version = undefined;
      explain(error);
      await new Promise((resolve) => setTimeout(resolve, error instanceof SignedOutError ? 30_000 : 5_000));
    }
  }
}

$("form").addEventListener("submit", send);
for (const input of [$("file"), $("series")]) input.addEventListener("change", () => (upload = undefined));
addEventListener("focus", () => $("signed-out").hidden || location.reload());
follow();
