// Chromium on the page of `smsim demo`: what a person does there by clicking and typing, what two windows and a shared file show,
// that no text of anybody becomes markup, and that axe finds no serious fault. Screenshots go below target/peers/screens.
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const modules = process.env.NODE_MODULES || path.join(__dirname, '../../target/peers/node/node_modules');
const { chromium } = require(path.join(modules, 'playwright-core'));

const ROOT = path.join(__dirname, '../..');
const SMSIM = process.env.SMSIM || path.join(ROOT, 'target/debug/smsim');
const AXE = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const SCREENS = path.join(modules, '../../screens');
const FOLDER = fs.mkdtempSync(path.join(os.tmpdir(), 'smsim-page-'));
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const WAIT_MS_MAX = 15_000, ALL_MS_MAX = 240_000, RECORDS = 10_000;
const HOSTILE = ['<script>window.broken=1</script><img src=x onerror="window.broken=1">', 'x'.repeat(1_600), 'مرحبا שלום 14:00', '👩‍👩‍👧 🎉 ﷽'];

let failed = 0;
function check(fact, ok, detail = '') {
  if (!ok) failed += 1;
  console.log(ok ? `  ok   ${fact}` : `  FAIL ${fact}: ${detail}`);
}
function equal(fact, got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  check(fact, a === b, `got ${a}, expected ${b}`);
}

// A server of its own: the demo world, whose time can be driven.
function serve(...options) {
  const child = spawn(SMSIM, ['demo', '--no-open', '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (octets) => {
      said += octets;
      if (said.includes('\n')) resolve(JSON.parse(said).http);
    });
    child.on('exit', (code) => reject(new Error(`smsim demo ended with ${code}`)));
  });
  return { child, port };
}

const troubles = [];
function watched(page) {
  page.setDefaultTimeout(WAIT_MS_MAX);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  return page;
}

const phone = (page, name) => page.locator(`[data-phone="${name}"]`);
const texts = (page, name) => phone(page, name).locator('.bubble .text').allInnerTexts();
const shows = (page, name, text) => phone(page, name).locator('.bubble .text', { hasText: text }).last().waitFor();
async function write(page, name, text) {
  await phone(page, name).locator('textarea').fill(text);
  await phone(page, name).locator('textarea').press('Enter');
}

async function serious(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => `${one.id}: ${one.nodes[0].target} ${one.nodes[0].failureSummary}`);
}

async function installs(page) {
  await page.locator('.guide select').selectOption({ label: 'Install by text' });
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByText('Carol has never used Movie Quiz. Text it.').waitFor();
  await page.getByText('Text quiz play on carol').waitFor();
  const field = phone(page, 'carol').locator('textarea');
  await field.click();
  await page.keyboard.type('quiz play');
  equal('the counter counts while one types', await phone(page, 'carol').locator('.counter').innerText(), '9/160 GSM-7');
  await page.keyboard.press('Enter');
  await shows(page, 'carol', 'Add Movie Quiz to your Facebook account?');
  await page.getByText('Text Y on carol').waitFor();
  await field.click();
  await page.keyboard.type('Y');
  await page.keyboard.press('Enter');
  await shows(page, 'carol', 'Welcome! Who directed Jaws?');
  check('the install flow by clicking and typing only', true);
  await page.getByRole('button', { name: 'Save this as a test' }).click();
  const scenario = await page.locator('.scenario-text').innerText();
  for (const line of ['carol > "quiz play"', 'quiz < carol "play", new, as $s1', 'quiz > carol "Welcome! Who directed Jaws?", in $s1']) {
    check(`the scenario of the session says ${line}`, scenario.includes(line), scenario);
  }
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByText('It passes: the same happens again').waitFor();
  check('and passes in a new world', true);
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  await page.getByRole('tab', { name: 'Sequence' }).click();
  const exchange = page.locator('.exchange.callback').last();
  await exchange.locator('.exchange-head').click();
  check('a callback shows what was signed', (await exchange.innerText()).includes('message=play'), await exchange.innerText());
}

async function staysInStep(browser, page, url) {
  const other = watched(await browser.newPage({ viewport: { width: 1400, height: 900 } }));
  await other.goto(url);
  await shows(other, 'carol', 'Welcome! Who directed Jaws?');
  equal('a second window shows what happened before', await texts(other, 'carol'), await texts(page, 'carol'));
  await write(page, 'bob', 'help');
  await shows(other, 'bob', 'Facebook Texts: text an app');
  await write(other, 'alice', 'quiz from the other window');
  await shows(page, 'alice', 'quiz from the other window');
  equal('two windows on one world stay in step', await texts(other, 'bob'), await texts(page, 'bob'));
  await other.close();
  const before = [await texts(page, 'alice'), await texts(page, 'bob'), await texts(page, 'carol')];
  await page.reload();
  await shows(page, 'carol', 'Welcome! Who directed Jaws?');
  equal('a reload loses nothing', [await texts(page, 'alice'), await texts(page, 'bob'), await texts(page, 'carol')], before);
}

async function staysText(page) {
  const scripts = await page.locator('script').count();
  for (const text of HOSTILE) {
    await write(page, 'bob', text);
    await phone(page, 'bob').locator('.bubble.mine .text', { hasText: text.slice(0, 12) }).last().waitFor();
    equal(`a text stays what it is: ${text.slice(0, 12)}`, (await phone(page, 'bob').locator('.bubble.mine .text').last().textContent()), text);
  }
  await page.getByRole('tab', { name: 'Log' }).click();
  await page.getByLabel('Search the log').fill('<script>');
  await page.locator('.log-row').first().waitFor();
  equal('nobody\'s text becomes markup', await page.evaluate(() => [window.broken, document.querySelectorAll('.text img, .log img').length]), [undefined, 0]);
  equal('nor a script', await page.locator('script').count(), scripts);
  equal('and none is wider than the page', await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
  await phone(page, 'bob').locator('textarea').fill('costs 5 ₽ each');
  equal('one character makes it UCS-2', await phone(page, 'bob').locator('.counter').innerText(), '14/70 UCS-2');
  equal('and is marked', await phone(page, 'bob').locator('.offender mark b').innerText(), '₽');
  await phone(page, 'bob').locator('textarea').fill('');
}

async function setsAndFails(page) {
  await page.getByRole('tab', { name: 'Carriers' }).click();
  const att = page.locator('[data-carrier="att"]');
  check('a control shows its line', (await att.innerText()).includes('set att link down'));
  await att.getByRole('switch', { name: 'Link up' }).click();
  await att.getByText('link down ·').waitFor();
  await write(page, 'alice', 'help');
  await phone(page, 'alice').getByText('the link to att is down').first().waitFor();
  check('a text waits where its writer sees it', true);
  await att.getByRole('switch', { name: 'Link up' }).click();
  await shows(page, 'alice', 'Facebook Texts: text an app');
  for (const what of ['ESME_RMSGQFUL', 'late 5s account fbook', 'silence every 3']) {
    await att.getByLabel('Answer submit_sm with').fill(what);
    await att.locator('.answer button[type=submit]').click();
    await att.locator('.now', { hasText: what }).waitFor();
  }
  equal('what goes wrong on demand stands at its carrier', (await att.locator('.now').innerText()).split('End all')[0].trim(), 'now: ESME_RMSGQFUL; late 5s account fbook; silence every 3');
  await att.locator('.now').getByRole('button', { name: 'End all' }).click();
  await att.locator('.now').waitFor({ state: 'detached' });
  await att.getByLabel('Throttle').fill('5');
  await att.getByLabel('Throttle').press('Enter');
  await att.getByLabel('Throttle').fill('none');
  await att.getByText('set att throttle none').waitFor();
  await att.getByLabel('Throttle').press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-carrier="att"] input[placeholder="none"]').value === '');
  check('what is typed while a line is on its way stays, and a limit goes again', true);
  await phone(page, 'carol').getByRole('switch', { name: 'Phone on' }).click();
  await phone(page, 'carol').locator('.toggle[aria-checked="false"]').waitFor();
  await write(page, 'carol', 'help');
  await phone(page, 'carol').locator('.bubble[data-way="waiting"]').waitFor();
  await phone(page, 'carol').getByRole('switch', { name: 'Phone on' }).click();
  await shows(page, 'carol', 'Facebook Texts: text an app');
  check('a phone that is off keeps its text, and sends it when it is on', true);
  await page.getByRole('tab', { name: 'Apps' }).click();
  await page.getByRole('button', { name: 'Movie Quiz', exact: true }).click();
  await page.getByText('Connect your app').first().click();
  await page.getByLabel('URL').fill('http://127.0.0.1:9/sms');
  await page.locator('.connect .entry button[type=submit]').click();
  await page.getByText('answers at its URL').waitFor();
  await write(page, 'carol', 'quiz are you there');
  await phone(page, 'carol').locator('.thread-note', { hasText: 'Movie Quiz could not be reached' }).waitFor();
  check('an app that is not there says so in the phone\'s thread', true);
  await page.getByRole('button', { name: 'Disconnect' }).click();
}

async function keepsTime(page) {
  await page.getByRole('button', { name: 'Stop time' }).click();
  await page.getByRole('button', { name: 'Let time run' }).waitFor();
  const clock = page.locator('.clock b');
  const stood = await clock.innerText();
  await page.getByRole('button', { name: '+61 s' }).click();
  await page.waitForFunction((before) => document.querySelector('.clock b').innerText !== before, stood);
  check('time stands, and goes on by 61 seconds when asked', true);
  await write(page, 'alice', 'quiz one step');
  await page.locator('.step .next', { hasText: 'in ' }).waitFor();
  await page.locator('.step').click();
  await page.getByRole('button', { name: 'Let time run' }).click();
  await page.getByRole('button', { name: 'Stop time' }).waitFor();
  const slider = page.getByLabel('Look back through the records');
  await slider.focus();
  await page.keyboard.press('Home');
  await page.getByText('looking back at record 0').waitFor();
  equal('looking back shows the beginning', await texts(page, 'carol'), []);
  check('and nothing can be done there', await phone(page, 'carol').locator('textarea').isDisabled());
  await page.getByRole('button', { name: 'Branch from here' }).waitFor();
  await page.getByRole('button', { name: 'Return to now' }).click();
  await shows(page, 'carol', 'Welcome! Who directed Jaws?');
  check('and there is a way back', true);
}

// A phone more, by keyboard alone; a branch from a record that is looked back to.
async function growsAndBranches(page) {
  await page.getByRole('button', { name: 'Add a phone' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.add-phone input:focus').waitFor();
  equal('axe on the form that adds a phone', await serious(page), []);
  await page.keyboard.type('alice');
  await page.keyboard.press('Enter');
  await page.locator('.add-phone').getByText('`alice` is declared twice').waitFor();
  check('a name that is taken is refused where it is typed', true);
  await page.keyboard.press('Escape');
  await page.locator('.add-phone > .button:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.add-phone input:focus').waitFor();
  await page.keyboard.type('erin');
  await page.keyboard.press('Enter');
  await page.locator('[data-phone="erin"] textarea:focus').waitFor();
  await page.keyboard.type('quiz play');
  await page.keyboard.press('Enter');
  await shows(page, 'erin', 'Add Movie Quiz to your Facebook account?');
  check('a phone is added, and texts', true);
  await page.getByRole('tab', { name: '.sms' }).click();
  const scenario = await page.locator('.scenario-text').innerText();
  check('and stands in the scenario as a declaration', /^user erin \+14155550104 on sprint, uid 1004$/m.test(scenario), scenario);
  await page.getByRole('tab', { name: 'Sequence' }).click();
  const slider = page.getByLabel('Look back through the records');
  await slider.focus();
  await page.keyboard.press('End');
  for (let i = 0; i < 40 && (await texts(page, 'erin')).length !== 1; i += 1) await page.keyboard.press('ArrowLeft');
  equal('looking back at the text without its answer', await texts(page, 'erin'), ['quiz play']);
  const world = page.url();
  const refused = page.waitForResponse((response) => response.url().endsWith('/branch'));
  await page.getByRole('button', { name: 'Branch from here' }).click();
  equal('an app from outside took part: no branch, and why', (await refused).status(), 409);
  await page.locator('.toast', { hasText: 'an app outside of the simulation took part' }).waitFor();
  troubles.splice(0, troubles.length, ...troubles.filter((one) => !/status of 4(00|09)/.test(one)));
  equal('the page stays where it is', page.url(), world);
  await page.getByRole('button', { name: 'Return to now' }).click();
}

async function branches(browser) {
  const { child, port } = serve();
  try {
    const page = watched(await browser.newPage({ viewport: { width: 1400, height: 900 } }));
    await page.goto(`http://127.0.0.1:${await port}/`);
    await write(page, 'bob', 'help');
    await shows(page, 'bob', 'Facebook Texts: text an app');
    await write(page, 'carol', 'quiz play');
    await shows(page, 'carol', 'Add Movie Quiz to your Facebook account?');
    await page.getByLabel('Look back through the records').focus();
    await page.keyboard.press('End');
    for (let i = 0; i < 60 && (await texts(page, 'carol')).length; i += 1) await page.keyboard.press('ArrowLeft');
    await page.getByRole('button', { name: 'Branch from here' }).click();
    await page.waitForURL(/world=default-\d+/);
    await shows(page, 'bob', 'Facebook Texts: text an app');
    equal('a branch has what was before it', (await texts(page, 'bob')).length, 2);
    equal('and not what came after', await texts(page, 'carol'), []);
    await write(page, 'carol', 'news now');
    await shows(page, 'carol', 'Add Daily News to your Facebook account?');
    check('and goes on by itself', true);
    await page.getByRole('link', { name: 'branch of default' }).click();
    await shows(page, 'carol', 'Add Movie Quiz to your Facebook account?');
    equal('the first world knows nothing of it', (await texts(page, 'carol')).some((text) => text.includes('news')), false);
    await page.close();
  } finally {
    const over = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await over;
  }
}

// A page that comes when the world has dropped its first records learns from its first state who joined and what was changed.
async function comesLate(browser) {
  const { child, port } = serve();
  try {
    const origin = `http://127.0.0.1:${await port}`;
    const steps = (body) => fetch(`${origin}/api/v1/worlds/default/steps`, { method: 'POST', body });
    await steps('user erin +14155550177 on att, apps quiz\nset erin phone off\nset bob texts off\nset att loss 3%\n');
    // Every round is two records, of which a world keeps 200,000.
    await steps('repeat 100000:\n  set sprint latency 1s\n');
    const page = watched(await browser.newPage({ viewport: { width: 1600, height: 1000 } }));
    await page.goto(`${origin}/`);
    await phone(page, 'erin').waitFor();
    check('a page that comes late shows the phone of who joined before its first record', true);
    await page.locator('.scrub-at', { hasText: 'missed' }).waitFor();
    equal('the phone is as it was left', await phone(page, 'erin').getByLabel('switched off').count(), 1);
    await page.getByRole('tab', { name: 'Carriers' }).click();
    equal('the carrier too', await page.locator('[data-carrier="att"]').getByLabel('Loss').inputValue(), '3%');
    equal('and the link of the platform', await page.getByRole('switch', { name: 'Bound' }).getAttribute('aria-checked'), 'true');
    await steps('set erin phone on');
    await write(page, 'erin', 'quiz late');
    await shows(page, 'erin', 'quiz late');
    check('and whoever joined can text', true);
    await page.close();
  } finally {
    const over = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await over;
  }
}

// `--human carol`: the demo has nobody else send Carol's texts, and only the right ones go.
async function waitsForAPerson(browser) {
  const { child, port } = serve('--human', 'carol');
  try {
    const page = watched(await browser.newPage({ viewport: { width: 1400, height: 900 } }));
    await page.goto(`http://127.0.0.1:${await port}/`);
    await page.locator('.guide select').selectOption({ label: 'Install by text' });
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('Text quiz play on carol').waitFor();
    equal('nobody sends the text of a person', await page.getByRole('button', { name: 'Send it for me' }).count(), 0);
    await write(page, 'carol', 'quiz pla');
    await phone(page, 'carol').getByText('The demo waits for quiz play').waitFor();
    equal('another text is held back, and it is said what is awaited', await texts(page, 'carol'), []);
    equal('axe on that', await serious(page), []);
    await page.screenshot({ path: path.join(SCREENS, 'page_human.png') });
    await write(page, 'carol', 'quiz play');
    // The question is there before the demo asks for its answer.
    await shows(page, 'carol', 'Add Movie Quiz to your Facebook account?');
    await write(page, 'carol', 'Y');
    await shows(page, 'carol', 'Welcome! Who directed Jaws?');
    check('and the right ones go on with the demo, however quick', true);
    await page.close();
  } finally {
    const over = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await over;
  }
}

async function sharesAFile(browser, page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Share' }).click()]);
  const file = path.join(FOLDER, 'shared.html');
  await download.saveAs(file);
  const report = path.join(FOLDER, 'report.html');
  spawnSync(SMSIM, ['run', 'tests/scenarios/demos', '--report', `html=${report}`], { cwd: ROOT });
  const context = await browser.newContext({ offline: true, viewport: { width: 1400, height: 900 } });
  const asked = [];
  const away = watched(await context.newPage());
  away.on('request', (request) => request.url().startsWith('file:') || request.url().startsWith('data:') || asked.push(request.url()));
  await away.goto(`file://${file}`);
  await shows(away, 'carol', 'Welcome! Who directed Jaws?');
  equal('the shared file opens from disk and shows the same', await texts(away, 'bob'), await texts(page, 'bob'));
  equal('and can do nothing', await away.locator('textarea').count(), 0);
  const told = await page.evaluate(async () => [await (await fetch('/')).text(), await (await fetch('/api/v1/worlds/default/world')).text()]);
  check('nobody is told a secret', told.every((text) => text.includes('api_key') && !text.includes('secret":')));
  await away.getByRole('tab', { name: 'Timeline' }).click();
  await away.locator('.tick').first().click();
  await away.locator('.inspector').waitFor();
  equal('axe on the shared file', await serious(away), []);
  await away.goto(`file://${report}`);
  await away.getByText('all passed').waitFor();
  await shows(away, 'carol', 'Welcome! Who directed Jaws?');
  await away.locator('.arrow-row', { hasText: 'deliver_sm' }).first().click();
  check('the report is the same page: a PDU with its fields and octets', (await away.locator('.inspector').innerText()).includes('destination_addr'));
  equal('neither asks the network for anything', asked, []);
  await context.close();
}

async function canBeUsedByAll(browser, url) {
  fs.mkdirSync(SCREENS, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1024, 1600]) {
      const page = watched(await browser.newPage({ viewport: { width, height: width < 700 ? 780 : 1000 }, colorScheme }));
      await page.goto(url);
      await shows(page, 'carol', 'Welcome! Who directed Jaws?');
      await page.screenshot({ path: path.join(SCREENS, `page_${width}_${colorScheme}.png`) });
      const faults = await serious(page);
      const areas = width < 1080 ? ['Inspect', 'Sequence'] : [];
      for (const area of areas) {
        await page.getByRole('button', { name: area, exact: true }).click();
        faults.push(...await serious(page));
      }
      if (width !== 360) {
        if (width < 1080) await page.getByRole('button', { name: 'Inspect', exact: true }).click();
        for (const tab of ['Settings of', 'Carriers', 'State', 'Log']) {
          await page.getByRole('tab', { name: tab }).click();
          faults.push(...await serious(page));
        }
      }
      equal(`axe finds nothing serious, ${width} pixels wide, ${colorScheme}`, faults, []);
      equal(`and nothing is cut off`, await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
      await page.close();
    }
  }
}

// What the page costs with many records: measured and told, not judged.
async function staysSmooth(browser, url, origin) {
  const clock = (command) => fetch(`${origin}/api/v1/worlds/default/clock`, { method: 'POST', body: JSON.stringify({ command }) });
  await clock('virtual');
  const count = async () => (await (await fetch(`${origin}/api/v1/worlds/default/world`)).json()).records.next;
  while (await count() < RECORDS) {
    await fetch(`${origin}/api/v1/worlds/default/steps?fresh=true`, { method: 'POST', body: 'repeat 100:\n  alice > "help"\n  carol > "help"\n  wait 5s\n' });
  }
  await clock('run');
  const page = watched(await browser.newPage({ viewport: { width: 1600, height: 1000 } }));
  const begun = Date.now();
  await page.goto(url);
  await page.waitForFunction((records) => Number((document.querySelector('.scrub-at')?.innerText ?? '0').replace(/\D/g, '')) >= records, RECORDS);
  const all = Date.now() - begun;
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await page.evaluate(() => {
    let before = performance.now();
    window.longest = 0;
    const frame = (now) => {
      window.longest = Math.max(window.longest, now - before);
      before = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await write(page, 'bob', 'smooth');
  await shows(page, 'bob', 'Sorry, that was not understood');
  const longest = await page.evaluate(() => window.longest);
  const shown = await page.locator('.scrub-at').innerText();
  console.log(`  with ${shown}: first paint ${Math.round(paint)} ms, all records drawn ${all} ms, heap ${(usedSize / 1e6).toFixed(1)} MB, longest frame while texts arrive ${Math.round(longest)} ms`);
  check(`${RECORDS} records and more are shown`, true);
  await page.close();
}

function refused(port, headers) {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path: '/', headers }, (answer) => resolve(answer.statusCode)).on('error', reject);
  });
}

async function main() {
  const { child, port } = serve();
  let browser;
  const deadline = setTimeout(() => {
    console.log(`  FAIL the page's test is over within ${ALL_MS_MAX} ms: it is not`);
    child.kill('SIGTERM');
    process.exit(1);
  }, ALL_MS_MAX);
  try {
    const origin = `http://127.0.0.1:${await port}`;
    const url = `${origin}/`;
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
    const page = watched(await browser.newPage({ viewport: { width: 1600, height: 1000 }, acceptDownloads: true }));
    const asked = [];
    page.on('request', (request) => /^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url()) || asked.push(request.url()));
    await page.goto(url);
    equal('a page of another name is refused', await refused(await port, { Host: 'evil.example' }), 403);
    await installs(page);
    await staysInStep(browser, page, url);
    await canBeUsedByAll(browser, url);
    await staysText(page);
    await setsAndFails(page);
    await keepsTime(page);
    await growsAndBranches(page);
    await branches(browser);
    await comesLate(browser);
    await waitsForAPerson(browser);
    await sharesAFile(browser, page);
    await staysSmooth(browser, url, origin);
    equal('nothing is asked of anybody else', asked, []);
    equal('the console has no errors', troubles, []);
  } catch (error) {
    check('the walk through the page', false, error.stack);
    if (troubles.length) console.log(troubles.join('\n'));
  } finally {
    clearTimeout(deadline);
    await browser?.close();
    const over = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await over;
    fs.rmSync(FOLDER, { recursive: true, force: true });
  }
  process.exit(failed ? 1 : 0);
}

main();
