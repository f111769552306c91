// A person in the web app: what they fill in, click and read, and what the mail and the bank bring them.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { operations } from "./operations.js";

const AXE = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const PASSWORD = "una frase larga y mía";
const FORM = { rfc: "EKU9003173C9", password: PASSWORD, passwordConfirmation: PASSWORD };

/** Returns the code that an authenticator app with this key (Base32) shows now (RFC 6238). */
export function oneTimeCode(key) {
  const bits = [...key].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const secret = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", secret).update(step).digest();
  const truncated = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, "0");
}

let number = 0;

export class Taxpayer {
  /** `language` is that of the browser; `complaints` gets what the browser writes to its console. */
  static async open(browser, { service, app, language = "es-MX", width = 1280 }) {
    const context = await browser.newContext({ locale: language, viewport: { width, height: 800 }, bypassCSP: false });
    context.setDefaultTimeout(10_000);
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: app });
    const taxpayer = new Taxpayer(context, service, app);
    taxpayer.page = await taxpayer.tab();
    return taxpayer;
  }

  constructor(context, service, app) {
    Object.assign(this, { context, service, app, codes: [], complaints: [], operations: [] });
    number += 1;
    this.email = `ana${number}.${process.pid}@example.com`;
  }

  async tab() {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (request.method() !== "POST" || !request.url().endsWith("/graphql")) return;
      this.operations.push(/(?:query|mutation) (\w+)/.exec(request.postDataJSON().query)[1]);
    });
    return page;
  }

  go(path) {
    return this.page.goto(this.app + path);
  }

  at(path) {
    return this.page.waitForURL(this.app + path);
  }

  async fill(values, form = this.page.locator("main form").first()) {
    for (const [name, value] of Object.entries(values)) await form.locator(`[name="${name}"]`).fill(value);
  }

  /** Fills the first form in and sends it. */
  async send(values = {}, form = this.page.locator("main form").first()) {
    await this.fill(values, form);
    await form.locator("button[type=submit]").click();
  }

  said(text) {
    return this.page.locator(".message", { hasText: text }).first().waitFor();
  }

  focused() {
    return this.page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.tagName);
  }

  /** Waits for a mail with a code or password that was not in the last one. */
  async mail() {
    for (let tries = 0; tries < 100; tries += 1) {
      const [mail] = await (await fetch(`${this.service}/mail.json?count=1&to=${this.email}`)).json();
      if (mail?.codes.some((code) => !this.codes.includes(code))) return mail;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("no mail");
  }

  /** Returns what solves the captcha that the page shows: its `words` and its `digits`. */
  async captcha(id) {
    return (await fetch(`${this.service}/test/captcha/${encodeURIComponent(id)}`)).json();
  }

  async register() {
    await this.go("/registro");
    await this.send({ ...FORM, email: this.email });
    await this.at("/confirmar");
  }

  async confirm() {
    const { codes, links } = await this.mail();
    this.codes = codes;
    await this.page.goto(links.find((link) => link.includes("#")));
    await this.send();
    await this.at("/entrar");
  }

  async signIn() {
    await this.send({ email: this.email, password: PASSWORD });
    await this.page.waitForURL((url) => url.pathname !== "/entrar");
  }

  async configure() {
    if (!this.page.url().endsWith("/empresa")) await this.go("/empresa");
    await this.page.locator("[name=taxRegime]").selectOption("601");
    await this.send({ legalName: "ESCUELA KEMPER URGATE", postalCode: "26015" });
    const series = this.page.locator(".inset form");
    await this.send({ name: "A", lastFolio: "5000" }, series);
    await this.page.locator(".row").first().waitFor();
  }

  /** Comes to a new account and its session without the pages, which other tests walk through. */
  async enter() {
    await this.ask("CreateAccount", { ...FORM, email: this.email });
    this.codes = (await this.mail()).codes;
    await this.ask("ConfirmAccount", { code: this.codes[0] });
    await this.ask("Login", { email: this.email, password: PASSWORD, transport: "COOKIE" });
  }

  /** Comes to an account that can pay, in the same way. */
  async arrive() {
    await this.enter();
    await this.ask("ConfigureCompany", { legalName: "ESCUELA KEMPER URGATE", taxRegime: "601", postalCode: "26015" });
    await this.ask("CreateSeries", { name: "A", lastFolio: "5000" });
  }

  /** Pays for a plan by a bank deposit, which arrives at once. */
  async pay(planId = "emprendedor") {
    const { deposit } = await this.ask("RequestBankDeposit", { planId });
    await this.deposit(deposit.reference, deposit.amount.amount);
  }

  /** Lets a deposit arrive at the stand-in of the bank. */
  async deposit(reference, amount) {
    const body = new URLSearchParams({ reference, amount, action: "arrive" });
    assert.ok((await fetch(`${this.service}/bank`, { method: "POST", body })).ok);
  }

  /** Sends an operation that must succeed, with the cookies of the pages, and returns its result. */
  async ask(operation, input) {
    const request = { headers: { Origin: this.app }, data: { query: operations[operation], variables: { input } } };
    const { data } = await (await this.context.request.post(`${this.service}/graphql`, request)).json();
    const [result] = Object.values(data);
    assert.equal(result.__typename, `${operation}Success`);
    return result;
  }

  /** Plays the answer that a mutation has ten minutes after the last proof, for the next times that the page sends it. */
  async requireProof(operation, ways, times = 1) {
    const field = operation[0].toLowerCase() + operation.slice(1);
    const message = "Por tu seguridad, escribe tu clave otra vez para hacer este cambio.";
    const json = { data: { [field]: { __typename: "ReauthenticationRequiredError", message, ways } } };
    const isIt = (request) => request.postData()?.includes(`mutation ${operation}`);
    await this.page.route(`${this.service}/graphql`, (route) =>
      isIt(route.request()) && times-- > 0 ? route.fulfill({ json }) : route.fallback(),
    );
  }

  /** axe finds nothing, and nothing scrolls sideways at 320 pixels. Adding axe needs no permission of the page. */
  async check() {
    const session = await this.context.newCDPSession(this.page); // detaching it would end a virtual authenticator
    await session.send("Runtime.evaluate", { expression: AXE });
    const violations = await this.page.evaluate(async (values) => {
      const { violations } = await globalThis.axe.run(document, { runOnly: { type: "tag", values } });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
    }, RULES);
    assert.deepEqual(violations, [], this.page.url());
    const size = this.page.viewportSize();
    await this.page.setViewportSize({ width: 320, height: 640 });
    const beyond = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await this.page.setViewportSize(size);
    assert.ok(beyond <= 0, `${this.page.url()} is ${beyond} pixels too wide`);
  }
}
