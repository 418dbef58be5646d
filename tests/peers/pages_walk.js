// Chromium walks the pages of the time: the opt-in by page, the opt-in by text with the question on the phone, Edit Settings, the
// notifications, Facebook Mobile, a live message from one browser to another, and the canvas page of a real app. Screenshots go
// below target/peers.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const modules = process.env.NODE_MODULES || path.join(__dirname, '../../target/peers/node/node_modules');
const { chromium } = require(path.join(modules, 'playwright-core'));

const BASE = `http://127.0.0.1:${process.env.HTTP_PORT}`;
const SCREENS = path.join(modules, '../../screens');
const WAIT_MS_MAX = 10_000;
const KEY = '0289b21f46b2ee642d5c42145df5489f', SECRET = '3e4a22bb2f5ed75114b0fc9995ea85f1'; // world.sms
const ALICE = '609143784', BOB = '609143785', CAROL = '609143786';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const EVIL = '<script>document.title="broken"</script> & "more"';

let failed = 0;
function check(fact, ok, detail) {
  if (!ok) failed += 1;
  console.log(ok ? `  ok   ${fact}` : `  FAIL ${fact}: ${detail}`);
}
function equal(fact, got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  check(fact, a === b, `got ${a}, expected ${b}`);
}

// The phone's side: what people text, and what their phones show.
async function text(line) {
  const answer = await fetch(`${BASE}/api/v1/worlds/default/steps`, { method: 'POST', body: line });
  if (!answer.ok) throw new Error(`${line}: ${await answer.text()}`);
}
async function received(number, pattern) {
  const until = Date.now() + WAIT_MS_MAX;
  while (Date.now() < until) {
    const { records } = await (await fetch(`${BASE}/api/v1/worlds/default/records?since=0`)).json();
    const found = records.filter((record) => record.event === 'received' && record.handset === number && pattern.test(record.text));
    if (found.length) return found[found.length - 1];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the phone ${number} shows nothing like ${pattern}`);
}

// Asks again and again until the answer is yes.
async function until(what, ask) {
  for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end;) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${what}`);
}

// The app's side: a signed call.
async function call(method, params) {
  const all = { method, api_key: KEY, v: '1.0', format: 'json', ...params };
  const base = Object.keys(all).sort().map((name) => `${name}=${all[name]}`).join('');
  all.sig = crypto.createHash('md5').update(base + SECRET).digest('hex');
  const answer = await (await fetch(`${BASE}/restserver.php`, { method: 'POST', body: new URLSearchParams(all) })).json();
  return answer && answer.error_code ? answer.error_code : answer;
}

// A real app: answers a visit to its canvas whose signature is good with HTML, and has a script in it that must not run.
function realApp() {
  const visits = [];
  const server = http.createServer((request, answer) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      const names = Object.keys(fields).filter((name) => name.startsWith('fb_sig_')).sort();
      const base = names.map((name) => `${name.slice(7)}=${fields[name]}`).join('');
      const good = crypto.createHash('md5').update(base + SECRET).digest('hex') === fields.fb_sig;
      visits.push({ method: request.method, url: request.url, good, fields });
      if (request.url.includes('/broken')) { answer.writeHead(500); answer.end('no'); return; }
      answer.writeHead(200, { 'Content-Type': 'text/html' });
      answer.end(`<h2 style="color: #3b5998">Round for ${fields.fb_sig_user}</h2><p>Who directed Jaws?</p>
        <p><a href="play?round=3">Next round</a></p><p onclick="document.title='broken'">In color</p>
        <script>top.document.title = "broken"; document.title = "broken"; document.body.textContent = "broken";</script>`);
    });
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve({ server, visits, port: server.address().port })); });
}

async function main() {
  fs.mkdirSync(SCREENS, { recursive: true });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS });
  const faults = [];
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

  // A browser of somebody: a page that tells of every fault in it.
  async function open(uid, options = phone) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(WAIT_MS_MAX);
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
    page.on('request', (request) => { if (!request.url().startsWith(BASE)) faults.push(`asks outside: ${request.url()}`); });
    if (uid) {
      await page.goto(`${BASE}/login.php`);
      await page.click(`button[name=uid][value="${uid}"]`);
      await page.waitForURL('**/home.php');
    }
    return page;
  }
  const screen = async (page, name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(`${name} needs no scrolling sideways`, wide <= 0, `${wide} px too wide`);
    await page.screenshot({ path: path.join(SCREENS, `${name}.png`), fullPage: true });
  };

  // The opt-in by page, without JavaScript.
  const bob = await open(null, { ...phone, javaScriptEnabled: false });
  equal('without the opt-in a text to Bob is refused', await call('sms.send', { uid: BOB, message: 'Hi' }), 270);
  await bob.goto(`${BASE}/authorize.php?api_key=${KEY}&v=1.0&ext_perm=sms`);
  check('nobody is asked before they say who they are', bob.url().includes('/login.php'), bob.url());
  await bob.screenshot({ path: path.join(SCREENS, 'login.png'), fullPage: true });
  await bob.click(`button[name=uid][value="${BOB}"]`);
  await bob.screenshot({ path: path.join(SCREENS, 'authorize.png'), fullPage: true });
  check('the page says which phone is meant', (await bob.textContent('main')).includes('+14155550102'), await bob.textContent('main'));
  await bob.click('button[value=cancel]');
  equal("after Don't allow a text is refused still", await call('sms.send', { uid: BOB, message: 'Hi' }), 270);
  await bob.goto(`${BASE}/authorize.php?api_key=${KEY}&v=1.0&ext_perm=sms`);
  await bob.click('button[value=allow]');
  await bob.screenshot({ path: path.join(SCREENS, 'granted.png'), fullPage: true });
  equal('after Allow it is sent', await call('sms.send', { uid: BOB, message: 'Who directed Jaws?' }), 0);
  await received('+14155550102', /^Who directed Jaws\?$/);
  check('and Bob\'s phone shows it', true);

  // Edit Settings.
  await bob.goto(`${BASE}/editapps.php`);
  await bob.screenshot({ path: path.join(SCREENS, 'editapps.png'), fullPage: true });
  await bob.click('a[aria-label="Edit Settings of Movie Quiz"]');
  await bob.uncheck('input[name=sms]');
  await bob.click('button[value=save]');
  await bob.screenshot({ path: path.join(SCREENS, 'edit_settings.png'), fullPage: true });
  equal('with the box for texts cleared a text is refused', await call('sms.send', { uid: BOB, message: 'Hi' }), 270);
  await bob.check('input[name=sms]');
  await bob.click('button[value=save]');
  equal('with the box ticked it is sent', await call('sms.canSend', { uid: BOB, session_key: `5f34e11bfb97c762e439e6a5-${ALICE}` }), 0);

  // Removing an app, and the opt-in by text with the question on the phone.
  const alice = await open(ALICE);
  await screen(alice, 'home');
  await alice.goto(`${BASE}/editapps.php`);
  await alice.click('a[aria-label="Remove Movie Quiz"]');
  await screen(alice, 'remove');
  await alice.click('button[value=remove]');
  await alice.waitForSelector('.note');
  check('the app is gone from the list', !(await alice.textContent('ul.list')).includes('Movie Quiz'), await alice.textContent('main'));
  equal('and is refused', await call('sms.send', { uid: ALICE, message: 'Hi' }), 270);
  await text('alice > "quiz play"');
  const question = await received('+14155550101', /Movie Quiz.*Reply Y/);
  await alice.goto(`${BASE}/editapps.php`);
  check('the question alone installs nothing', !(await alice.textContent('ul.list')).includes('Movie Quiz'), await alice.textContent('main'));
  await text(`alice > "Y", to ${question.from}`);
  await until('Alice has the app', async () => await call('users.isAppUser', { uid: ALICE }) === 1);
  await alice.goto(`${BASE}/mobile/`);
  check('after Y on the phone the panel has the app', (await alice.textContent('main')).includes('Movie Quiz'), await alice.textContent('main'));
  equal('and it may text', await call('users.hasAppPermission', { uid: ALICE, ext_perm: 'sms' }), 1);

  // Facebook Mobile: hours, the limit, off and on, and the phone itself.
  await screen(alice, 'mobile');
  await alice.check('input[value=between]');
  await alice.fill('input[name=from]', '08:00');
  await alice.fill('input[name=to]', '08:01');
  await alice.click('button[value=hours]');
  await alice.waitForSelector('.note');
  equal('outside of the hours a text is refused', await call('sms.send', { uid: ALICE, message: 'Hi' }), 853);
  await alice.check('input[value=any]');
  await alice.click('button[value=hours]');
  await alice.click('button:has-text("Remove Facebook Mobile")');
  await alice.waitForSelector('button[value=code]');
  equal('without Facebook Mobile it is 855', await call('sms.send', { uid: ALICE, message: 'Hi' }), 855);
  await alice.click('button[value=code]');
  const [code] = (await received('+14155550101', /is your Facebook confirmation code/)).text.split(' ');
  await screen(alice, 'confirm_phone');
  await alice.fill('input[name=code]', '1');
  await alice.click('button[value=confirm]');
  check('a wrong code is told', (await alice.textContent('.note.fault')).includes('not the code'), await alice.textContent('main'));
  await alice.fill('input[name=code]', code);
  await alice.click('button[value=confirm]');
  check('the right one confirms', (await alice.textContent('.note')).includes('confirmed'), await alice.textContent('main'));
  equal('and the app may text again', await call('sms.send', { uid: ALICE, message: 'Hi' }), 0);

  // Logging in to the app, for a session of the user's.
  await alice.goto(`${BASE}/login.php?api_key=${KEY}&v=1.0`);
  const place = new URL(alice.url());
  equal('who has the app goes straight to it', place.pathname, '/apps/quiz');
  const session = await call('auth.getSession', { auth_token: place.searchParams.get('auth_token') });
  equal('its token opens a session of hers', session.uid, ALICE);

  // The notifications.
  equal('a notification is sent', await call('notifications.send', { to_ids: `${ALICE},${CAROL}`, type: 'app_to_user',
    notification: 'New <a href="http://apps.facebook.com/quiz">questions</a> &lt;script&gt;document.title="broken"&lt;/script&gt;' }),
  `${ALICE},${CAROL}`);
  equal('and one of Alice\'s own', await call('notifications.send', { to_ids: CAROL, session_key: session.session_key,
    notification: 'beat you at the <b>quiz</b>' }), CAROL);
  await alice.goto(`${BASE}/notifications.php`);
  check('the page shows it as text', (await alice.textContent('ul.list')).includes('New questions <script>document.title'),
    await alice.textContent('main'));
  await screen(alice, 'notifications');
  await alice.click('a:has-text("Sent")');
  check('what was sent in her name says to whom', (await alice.textContent('ul.list')).includes('to carol'), await alice.textContent('main'));
  await screen(alice, 'notifications_sent');

  // A live message from one browser to another.
  await alice.goto(`${BASE}/apps/quiz`);
  const carol = await open(CAROL, { viewport: { width: 1024, height: 768 } });
  await carol.goto(`${BASE}/apps/quiz`);
  const log = (page) => page.textContent('#log');
  await alice.selectOption('#recipient', CAROL);
  // A page that has just opened may still be connecting, and nothing is kept for it: what is lost is sent again.
  await until('Carol hears Alice', async () => {
    await alice.fill('#message', EVIL);
    await alice.click('#live button');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return (await log(carol)).includes('document.title');
  });
  check('what Alice sends, Carol\'s page shows, as text', (await log(carol)).includes(EVIL), await log(carol));
  const said = await carol.evaluate((alice) => new Promise((resolve) => {
    const live = new window.LiveMessage('move', (data) => resolve(['heard', data]));
    live.setSendErrorHandler((code, message) => resolve([code, message]));
    live.send(alice, { move: 'rock' });
  }), '1');
  equal('an error comes to its handler with number and words', said[0], 292);
  await alice.evaluate(() => { window.played = new Promise((resolve) => { new window.LiveMessage('move', resolve); }); });
  await carol.evaluate((alice) => new window.LiveMessage('move', () => {}).send(alice, { move: 'paper' }), ALICE);
  equal('an object arrives as an object', await alice.evaluate(() => window.played), { move: 'paper' });
  await screen(alice, 'canvas');
  await screen(carol, 'canvas_wide');
  equal('no script of a text has run', [await alice.title(), await carol.title()], ['Movie Quiz | fbook', 'Movie Quiz | fbook']);
  equal('no page had a fault or asked elsewhere', faults, []);

  // The canvas page of a real app: what it answers is shown in a frame, where no script runs.
  const app = await realApp();
  equal('an app says where it is', await call('admin.setAppProperties',
    { properties: JSON.stringify({ callback_url: `http://127.0.0.1:${app.port}/quiz/` }) }), 1);
  await alice.goto(`${BASE}/apps/quiz/play?round=2`);
  const frame = () => alice.frameLocator('iframe.content').locator('body');
  await until('the app\'s words are there', async () => (await frame().textContent()).includes('Who directed Jaws?'));
  const visit = app.visits[0];
  equal('the app was asked by a signed POST for the page behind its name', [visit.method, visit.url, visit.good],
    ['POST', '/quiz/play?round=2', true]);
  equal('which says who comes, and how', ['in_canvas', 'user', 'added', 'request_method'].map((name) => visit.fields[`fb_sig_${name}`]),
    ['1', ALICE, '1', 'GET']);
  equal('with the session that the app calls with', await call('users.getLoggedInUser', { session_key: visit.fields.fb_sig_session_key }), +ALICE);
  check('its script has not run', !(await frame().textContent()).startsWith('broken') && await alice.title() === 'Movie Quiz | fbook',
    await frame().textContent());
  await screen(alice, 'canvas_app');
  // By the keyboard: where a click falls in a frame of another process is uncertain after a picture of the whole page.
  await frame().locator('a').press('Enter');
  await alice.waitForURL('**/apps/quiz/play?round=3');
  await until('the app has seen the next round', async () => app.visits.some((one) => one.url === '/quiz/play?round=3'));
  await alice.selectOption('#recipient', CAROL);
  await until('Carol hears Alice beside the frame', async () => {
    await alice.fill('#message', 'from the canvas');
    await alice.click('#live button');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return (await log(carol)).includes('from the canvas');
  });
  await alice.goto(`${BASE}/apps/quiz/broken`);
  await until('a fault of the app is told', async () => (await frame().textContent()).includes('It answered HTTP 500'));
  app.server.close();
  app.server.closeAllConnections();
  await alice.goto(`${BASE}/apps/quiz`);
  await until('an app that is gone is told', async () => (await frame().textContent()).includes('could not be reached'));
  check('and the page stands all the same', (await alice.textContent('h1')) === 'Movie Quiz', await alice.textContent('main'));
  await screen(alice, 'canvas_app_gone');
  await browser.close();
}

const late = setTimeout(() => { console.log('  FAIL the walk did not finish'); process.exit(1); }, 150_000);
main().then(() => { clearTimeout(late); process.exit(failed ? 1 : 0); }, (error) => {
  console.log(`  FAIL the walk broke off: ${error.stack}`);
  process.exit(1);
});
