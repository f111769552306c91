// Uses the page of examples/upload beside the web app: node upload_page.js CHROMIUM SERVICE UPLOAD FOLDER_OF_DRAFTS

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, test } from "node:test";

import { launchFresh } from "./browser.js";
import { Taxpayer } from "./taxpayer.js";

const [, , executablePath, service, upload, drafts] = process.argv;
const browser = await launchFresh(executablePath);
let ana;

afterEach(() => ana?.context.close());

test("a person signs in, pays and has invoices stamped, and one that is refused", async () => {
  ana = await Taxpayer.open(browser, { service, app: service });
  const { page } = ana;
  await page.goto(upload);
  await page.getByText("Entra a tu cuenta para emitir facturas").waitFor();
  await ana.check();

  await ana.arrive();
  await ana.go("/cuenta");
  await page.getByRole("link", { name: "Facturas" }).click();
  await page.waitForURL(`${upload}/`);
  await page.getByText("Tu cuenta no está activa").waitFor();
  await ana.pay();
  await page.getByText(/Te quedan \d+ timbres/).waitFor();
  await ana.check();

  await send("foreign.xml");
  await page.locator("#problems li").first().waitFor();
  await ana.check();

  await send("draft.xml");
  await ana.said("Tu factura está timbrada");
  await send("refused.xml");
  await ana.said("El proveedor rechazó el CFDI");
  await page.locator(".badge.released").waitFor();
  assert.equal(await page.locator("#invoices li").count(), 2);
  await ana.check();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Descargar XML de la factura A 1" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "A-1.xml");
  assert.match(await readFile(await download.path(), "utf8"), /tfd:TimbreFiscalDigital/);

  await page.getByRole("link", { name: "Tu cuenta" }).click();
  await ana.at("/cuenta");
  // The browser itself reports the answer to the foreign draft.
  assert.deepEqual(ana.complaints.filter((complaint) => !complaint.includes("422")), []);
});

async function send(draft) {
  await ana.page.locator("#file").setInputFiles(join(drafts, draft));
  await ana.page.getByRole("button", { name: "Timbrar" }).click();
}
