// Drives every page in a headless Chromium, from the link to the active user, on a phone and on a desk, with scripts and
// without, looks for what axe-core finds, and takes pictures. Says what it saw as one JSON object a line.
//
// node pages.mjs MODULES CHROMIUM LINKS_JSON PICTURES

import { createRequire } from "node:module";
import { existsSync, readFileSync, mkdirSync } from "node:fs";
import path from "node:path";

const [modules, chromium, linksText, pictures] = process.argv.slice(2);
const need = createRequire(path.join(modules, "here.js"));
const puppeteer = need("puppeteer-core");
const axe = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");
const links = JSON.parse(linksText);
// The first link is the one in the mail, as a mail program reads it.
links.new = /https?:\/\/\S+\/accept\/[\w-]+/.exec(plainText(readFileSync(links.mail, "utf8")))[0];
mkdirSync(pictures, { recursive: true });

// The first part of text of a mail.
function plainText(mail) {
  const [, head, body] = /(Content-Type: text\/plain[\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n--/i.exec(mail);
  if (/base64/i.test(head)) return Buffer.from(body, "base64").toString();
  if (!/quoted-printable/i.test(head)) return body;
  return body.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

const SIZES = {
  phone: { width: 360, height: 740, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desk: { width: 1280, height: 800, deviceScaleFactor: 1 },
};
const PASSWORD = "grape tunnel orbit fudge";

let bad = 0;
function tell(check, ok, why) {
  if (!ok) bad += 1;
  console.log(JSON.stringify({ check, ok, ...(ok ? {} : { why }) }));
}

const browser = await puppeteer.launch({
  executablePath: process.env.PATH.split(":").map((it) => path.join(it, chromium)).find(existsSync),
  headless: true,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en"],
});

async function open(size, scripts) {
  const page = await browser.newPage();
  await page.setViewport(SIZES[size]);
  await page.setJavaScriptEnabled(scripts);
  page.foreign = [];
  page.on("request", (request) => {
    const url = request.url();
    const ours = [links.base, links.other, "data:", "about:"].some((it) => url.startsWith(it));
    if (!ours) page.foreign.push(url);
  });
  page.on("console", (message) => {
    // The page's policy refuses the checker's own style, which is as it should be.
    if (message.type() === "error" && !/favicon|status of 4/.test(message.text())) page.foreign.push(message.text());
  });
  return page;
}

async function look(page, name, title) {
  const seen = await page.title();
  tell(`${name}: its title`, seen.includes(title), `saw ${JSON.stringify(seen)} instead of ${JSON.stringify(title)}`);
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  tell(`${name}: nothing from elsewhere`, page.foreign.length === 0, page.foreign.join("; "));
}

// In a world of its own, so that the page's policy need not let scripts in.
async function examine(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  tell(`${name}: as wide as the screen`, wide <= 0, `${wide} pixels too wide`);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(" ")}`);
  });
  tell(`${name}: axe-core finds nothing`, found.length === 0, found.join("; "));
}

async function press(page) {
  await Promise.all([page.waitForNavigation(), page.click("main form button")]);
}

async function fill(page, values) {
  for (const [id, value] of Object.entries(values)) {
    const field = await page.$(`#${id}`);
    if (!field) continue;
    if (await field.evaluate((it) => it.tagName === "SELECT")) {
      await page.select(`#${id}`, value);
      continue;
    }
    await field.click({ clickCount: 3 });
    await field.type(value);
  }
}

const ANA = { first: "Ana", last: "Lí", area: "Sales", "own-1": "Small", password: PASSWORD, repeat: PASSWORD };

// From the link to the active user.
async function journey(key, size, scripts, extra = {}) {
  const name = `${key}-${size}${scripts ? "" : "-without-scripts"}`;
  const page = await open(size, scripts);
  await page.goto(links[key]);
  await look(page, `${name}-1-welcome`, extra.welcome ?? "invites you");
  if (scripts) await examine(page, `${name}-1-welcome`);
  await press(page);
  await look(page, `${name}-2-details`, extra.details ?? "Who are you?");
  if (scripts) await examine(page, `${name}-2-details`);
  await fill(page, { ...ANA, password: "short", repeat: "short" });
  await press(page);
  await look(page, `${name}-3-wrong`, extra.details ?? "Who are you?");
  if (scripts) {
    await examine(page, `${name}-3-wrong`);
    const focused = await page.evaluate(() => document.activeElement?.id);
    tell(`${name}: what is wrong is read first`, focused === "errors", `the focus is on ${focused}`);
  }
  if (extra.choose) await page.click(extra.choose);
  await fill(page, ANA);
  await press(page);
  await look(page, `${name}-4-done`, extra.done ?? "You are in");
  if (scripts) await examine(page, `${name}-4-done`);
  await page.goto(links[key]);
  await look(page, `${name}-5-again`, extra.again ?? "has been accepted");
  if (scripts) await examine(page, `${name}-5-again`);
  await page.close();
}

async function still(name, url, title, size = "phone") {
  const page = await open(size, true);
  await page.goto(url);
  await look(page, `${name}-${size}`, title);
  await examine(page, `${name}-${size}`);
  return page;
}

// Only by keys: every step from the welcome to the seat.
async function byKeys(key, done) {
  const page = await open("desk", true);
  await page.goto(links[key]);
  const to = async (selector) => {
    for (let i = 0; i < 40; i += 1) {
      if (await page.evaluate((it) => document.activeElement?.matches(it), selector)) return true;
      await page.keyboard.press("Tab");
    }
    return false;
  };
  let reached = await to("main form button");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  for (const [id, value] of Object.entries(ANA)) {
    // Of whom something is known already, that is not asked.
    if (!(await page.$(`#${id}`))) continue;
    reached = (await to(`#${id}`)) && reached;
    await page.keyboard.type(value);
  }
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  tell(`${key}: by keys alone`, reached && (await page.title()).includes(done), await page.title());
  await page.close();
}

// A form that another site sends, and a frame around our page.
async function foreign(key) {
  const page = await open("desk", true);
  const welcome = await page.goto(links[key]);
  const html = await welcome.text();
  const token = /name="form" value="([^"]+)"/.exec(html)[1];
  await page.goto("data:text/html,<p>elsewhere</p>");
  const [answer] = await Promise.all([
    page.waitForNavigation(),
    page.evaluate(
      (action, form) => {
        document.body.innerHTML = `<form method=post action="${action}"><input name=form value="${form}"><input name=step value=begin></form>`;
        document.forms[0].submit();
      },
      links[key],
      token,
    ),
  ]);
  tell("a form of another site is refused", answer.status() === 403, `answered ${answer.status()}`);
  await page.goto(`data:text/html,<iframe src="${links[key]}"></iframe>`);
  await new Promise((done) => setTimeout(done, 300));
  const framed = page.frames().slice(1).map((it) => it.url());
  tell("nobody frames a page", !framed.some((it) => it.startsWith(links.base)), framed.join(" "));
  await page.close();
}

await foreign("plain");
await journey("new", "phone", true);
await journey("plain", "phone", false);
await journey("own", "desk", true, { choose: "#transfer" });
await journey("neu", "phone", true, { welcome: "lädt Sie ein", details: "Wer sind Sie?", done: "Sie sind dabei", again: "angenommen" });
await journey("nouvelle", "desk", false, { welcome: "vous invite", details: "Qui êtes-vous", done: "C’est fait", again: "acceptée" });
await byKeys("nueva", "Ya está dentro");

for (const size of ["phone", "desk"]) {
  for (const [name, url, title] of [
    ["expired", links.late, "has expired"],
    ["replaced", links.old, "newer invitation"],
    ["withdrawn", links.gone, "withdrawn"],
    ["unknown", `${links.base}/accept/abc`, "does not work"],
    ["nothing", `${links.base}/accept`, "nothing here"],
    ["forgot", `${links.base}/password`, "Forgotten your password?"],
    ["choose", links.password, "Choose a password"],
    ["join", `${links.base}/join/acme`, "Join Acme Academy"],
    ["join-details", links.join, "Join Acme Academy"],
  ]) {
    if (url) await (await still(name, url, title, size)).close();
  }
}

let page = await still("asked", `${links.base}/password`, "Forgotten", "phone");
await fill(page, { address: "paula@acme.example" });
await press(page);
await look(page, "asked-phone-2", "Thank you");
await examine(page, "asked-phone-2");
await page.close();

if (links.join) {
  page = await open("phone", false);
  await page.goto(links.join);
  await fill(page, ANA);
  await press(page);
  await look(page, "join-phone-done", links.joinDone ?? "You are in");
  await page.close();
}

// Where people sign in elsewhere: no password is asked for; and whoever finds no seat is told their place in line.
for (const [key, done] of [["signed", "You are in"], ["waits", "You are on the waiting list"]]) {
  page = await open("phone", true);
  await page.goto(links[key]);
  await look(page, `${key}-phone-1-welcome`, "invites you");
  await press(page);
  tell(`${key}: no password is asked for`, (await page.$("input[type=password]")) === null, "a field for one");
  await fill(page, ANA);
  await press(page);
  await look(page, `${key}-phone-2-done`, done);
  await examine(page, `${key}-phone-2-done`);
  await page.close();
}

// Reminders end where the mail program leads, too.
page = await still("reminders", links.reminded, "No more reminders?", "phone");
await press(page);
await look(page, "reminders-phone-2", "No more reminders");
await examine(page, "reminders-phone-2");
await page.close();

// A password is chosen, once.
page = await open("desk", true);
await page.goto(links.password);
await fill(page, { password: PASSWORD, repeat: PASSWORD });
await press(page);
await look(page, "chosen-desk", "Your password is saved");
await examine(page, "chosen-desk");
await page.goto(links.password);
await look(page, "chosen-desk-again", "works no more");
await page.close();

// What is handed out: no page of the guide is cut, and nothing comes from elsewhere.
for (const file of links.guides) {
  const name = path.basename(file, ".html");
  page = await open("desk", true);
  page.foreign = [];
  await page.goto(`file://${file}`);
  page.foreign = page.foreign.filter((it) => !it.startsWith("file://") && !it.startsWith("about:"));
  // Frames that are not seen yet are not laid out.
  await page.setViewport({ ...SIZES.desk, height: 12000 });
  await new Promise((done) => setTimeout(done, 500));
  const cut = [];
  for (const handle of await page.$$("iframe")) {
    const [there, title] = await handle.evaluate((it) => [it.clientHeight, it.title]);
    const needed = await (await handle.contentFrame()).evaluate(() => document.documentElement.scrollHeight);
    if (needed > there) cut.push(`${title}: ${there} of ${needed} pixels`);
  }
  tell(`${name}: every page is whole`, cut.length === 0, cut.join("; "));
  await look(page, name, "Acme Academy");
  await examine(page, name);
  await page.close();
}
page = await open("desk", true);
await page.goto(`file://${links.sheet}`);
page.foreign = page.foreign.filter((it) => !it.startsWith("file://"));
await look(page, "sheet", "Join Acme Academy");
await examine(page, "sheet");
await page.close();

// Last, because it shuts this machine out for a while.
page = await open("phone", true);
let title = "";
for (let i = 0; i < 60 && !/Too many|a while/.test(title); i += 1) {
  await page.goto(`${links.base}/password`);
  if (!(await page.$("#address"))) break;
  await fill(page, { address: `p${i}@acme.example` });
  await press(page);
  title = await page.title();
}
await look(page, "too-often-phone", "Too many");
await examine(page, "too-often-phone");
await page.close();

await browser.close();
console.log(JSON.stringify({ done: true, bad }));
process.exit(bad === 0 ? 0 : 1);
