// The npm package of crates/smsim/clients/smsim-client, packed and unpacked as npm does it, against `smsim serve`; its README's
// example runs under node:test, and its types name the methods that there are.
'use strict';
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const PACKAGE = path.join(__dirname, '../../crates/smsim/clients/smsim-client');
const PEER_MS_MAX = 150_000;
const SECRET = '000102030405060708090a0b0c0d0e0f';
const WORLD = `world seed 7, start 2009-03-02 14:00, tz America/Los_Angeles
carrier sprint, latency 1s
app quiz "Movie Quiz", canvas quiz, secret ${SECRET}
user carol +14155550103 on sprint
user alice +14155550101 on sprint, apps quiz
esme acme, system_id acme, password secret, code 12345
`;

/** A folder of somebody who has installed the package. */
function installed() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'smsim-node-client-'));
  const npm = ['pack', '--loglevel=error', '--pack-destination', folder, PACKAGE];
  const tarball = execFileSync('npm', npm, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim().split('\n').pop();
  const target = path.join(folder, 'node_modules/smsim-client');
  fs.mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', path.join(folder, tarball), '-C', target, '--strip-components=1']);
  return folder;
}

const facts = {
  'a conversation with an app': async ({ world }) => {
    const [carol, quiz] = [world.user('carol'), world.app('quiz')];
    await carol.texts('quiz play');
    await carol.sees(/^add movie\/?.*reply\sy/is, { within: '5s', after: '1s' });
    await carol.texts('Y');
    const session = await quiz.sees(carol, 'play', { new: true });
    const text = 'Who directed "Jaws"? {a} b\\c';
    const sent = await quiz.sends(carol, text, { inSession: session });
    await carol.sees(text, { parts: 1, encoding: 'gsm7', fromNumber: '3266502' });
    await world.seesReceipt(sent, 'DELIVRD', { within: '1m' });
    assert.equal(session.id, '2');
    await world.clock.advance('61s');
    await quiz.sends(carol, 'Too late', { inSession: session, result: 850 });
    await carol.seesNothing(3_600_000);
    await quiz.seesNothing('1s');
  },
  'an app asks and gets its answer': async ({ world, client }) => {
    const [alice, quiz] = [world.user('alice'), world.app('quiz')];
    const session = await quiz.asks(alice, 'Jaws? Café 你好 \u{1f600}\n/2');
    await alice.sees(client.glob('Jaws? *2'), { encoding: 'ucs2' });
    await alice.texts('Spielberg', { inSession: session });
    assert.equal(await quiz.sees('alice', 'Spielberg', { inSession: session, within: '10s' }), session);
    const { uid } = (await world.state()).users[0];
    await quiz.calls('users.hasAppPermission', { uid, ext_perm: 'sms' }, { result: 1 });
    await alice.texts('to nobody in particular', { to: '12345' });
    await world.wait('1m 1s');
  },
  'worlds have seed, clock and name, and end': async ({ server, client }) => {
    const mine = await server.world('carrier att', { seed: 99, clock: 'x20', id: 'mine' });
    const state = await mine.state();
    assert.deepEqual([state.id, state.seed, state.clock.speed], ['mine', 99, 20]);
    const again = await client.connect({ http: server.httpPort }).world('carrier att').then((other) => other.delete());
    assert.equal(again, undefined);
    await mine.delete();
    await assert.rejects(mine.state(), { name: 'SmsimError', status: 404 });
  },
  'the clock is commanded': async ({ world }) => {
    const { clock } = world;
    assert.equal((await clock.advance(1_500)).time, '2009-03-02 14:00:01');
    assert.equal((await clock.jump('+1d 09:00')).time, '2009-03-03 09:00:00');
    assert.deepEqual((await clock.hold('me')).holds, [{ kind: 'hold', name: 'me' }]);
    await assert.rejects(clock.advance('1s'), { name: 'SmsimError', status: 409, message: /held by me/ });
    await clock.release('me');
    await world.user('alice').texts('quiz go');
    const before = await clock.state();
    assert.equal((await clock.step()).now, before.next.at);
    assert.equal((await clock.run(20)).speed, 20);
    await clock.pause();
    assert.equal((await clock.virtual()).mode, 'virtual');
    await assert.rejects(clock.advance(0.5), TypeError);
  },
  'records come in order': async ({ world }) => {
    const since = await world.nextRecord();
    await world.user('alice').texts('seen by a viewer');
    await world.wait('5s');
    const records = await world.records(since);
    assert.deepEqual(records.map(({ seq }) => seq), records.map((_, index) => since + index));
    assert.equal(since + records.length, await world.nextRecord());
    assert.match(JSON.stringify(records[0]), /seen by a viewer/);
    assert.equal((await world.records())[0].seq, 0);
  },
  'more records than one answer holds come whole': async ({ world }) => {
    await world.steps('repeat 900:\n  alice > "quiz go"\n  wait 3s\n');
    const records = await world.records();
    assert.ok(records.length > 10_000, `${records.length}`);
    assert.ok(records.every(({ seq }, index) => seq === index));
  },
  'lines answer and share captures': async ({ world }) => {
    const answer = await world.steps('alice > "quiz go"\nquiz < alice "go", as $s\n');
    assert.deepEqual([answer.lines.map(({ ok }) => ok), typeof answer.captures.s], [[true, true], 'string']);
    await world.steps('quiz > alice "Hi", in $s');
    await world.wait('3s');
    await assert.rejects(world.steps('alice < "Hi"', { timeout: '2s', fresh: true }), { name: 'StepsFailed' });
  },
  'a line that fails rejects with the caret': async ({ world, client }) => {
    const failed = await world.steps('wait 1s\ncarol < "nothing like it", within 2s\nwait 1s').catch((error) => error);
    assert.ok(failed instanceof client.StepsFailed && failed instanceof assert.AssertionError);
    assert.match(failed.message, /steps:2:1[^]*\^\^\^/);
    assert.deepEqual(failed.answer.lines.map(({ ok }) => ok), [true, false, null]);
    await assert.rejects(world.steps('carol << "x"'), { name: 'StepsFailed', message: /1 \| carol << "x"\n +\| +\^/ });
  },
  'a world that is none rejects with its place': async ({ server }) => {
    await assert.rejects(server.world('carier att'), { name: 'StepsFailed', message: /world\.sms:1:1/ });
  },
  'patterns that the language has not are refused here': async ({ world }) => {
    for (const expected of [/x/y, 7, undefined]) await assert.rejects(world.user('carol').sees(expected), TypeError);
  },
  'an app of one\'s own gets callbacks with its key, signed by its declared secret': async ({ world }) => {
    const own = http.createServer();
    const posted = new Promise((resolve) => {
      own.on('request', async (request, answer) => {
        let form = '';
        for await (const more of request) form += more;
        answer.end();
        resolve(new URLSearchParams(form));
      });
    });
    await new Promise((ready) => own.listen(0, '127.0.0.1', ready));
    await world.steps(`set quiz url http://127.0.0.1:${own.address().port}/sms`);
    await world.user('alice').texts('quiz hello');
    await world.app('quiz').sees('alice', 'hello');
    const form = await posted;
    own.close();
    assert.equal(form.get('fb_sig_api_key'), await world.app('quiz').apiKey());
    const signed = [...form].filter(([name]) => name.startsWith('fb_sig_')).map(([name, value]) => `${name.slice(7)}=${value}`);
    assert.equal(form.get('fb_sig'), createHash('md5').update(signed.sort().join('') + SECRET).digest('hex'));
    await assert.rejects(world.app('quizz').apiKey(), /it has quiz/);
  },
  'a missing smsim and one that ends are said': async ({ client }) => {
    await assert.rejects(client.startServer({ smsim: '/nowhere/smsim' }), { name: 'SmsimError', message: /SMSIM/ });
    await assert.rejects(client.startServer({ args: ['--no-such-option'] }), { name: 'SmsimError', message: /no-such-option/ });
  },
  'a server that has stopped is said': async ({ client }) => {
    const server = await client.startServer();
    await server.stop();
    await server.stop();
    await assert.rejects(server.world('carrier att'), { name: 'SmsimError', message: /still running\?/ });
  },
  'tests that forget to stop the server come to their end, and so does it': async ({ folder }) => {
    const forgetful = path.join(folder, 'forgetful.mjs');
    fs.writeFileSync(forgetful, "import { startServer } from 'smsim-client';\nconsole.log((await startServer()).httpPort);\n");
    const port = execFileSync(process.execPath, [forgetful], { encoding: 'utf8', timeout: 30_000 }).trim();
    for (let left = 100; left > 0 && await answers(port); left -= 1) await new Promise((over) => setTimeout(over, 100));
    assert.equal(await answers(port), false);
  },
  'the README says what works': async ({ folder }) => {
    const example = /```js\n([^]*?)```/.exec(fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8'))[1];
    fs.writeFileSync(path.join(folder, 'example.test.mjs'), example);
    const arguments_ = ['--test', '--test-reporter=tap', 'example.test.mjs'];
    const { status, stdout } = spawnSync(process.execPath, arguments_, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
    assert.ok(status === 0 && /^# pass 1$/m.test(stdout), stdout);
  },
  'the types name what there is': async ({ client, server, world }) => {
    const types = fs.readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
    const declared = (name) => {
      const body = new RegExp(`^export class ${name} .*?{\\n([^]*?)^}`, 'm').exec(types)[1];
      return [...new Set([...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method]) => method))].sort();
    };
    const own = { ask: true, capture: true, constructor: true, toString: true };
    for (const object of [server, world, world.user('carol'), world.app('quiz'), world.clock]) {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((method) => !own[method]).sort();
      assert.deepEqual(methods, declared(object.constructor.name), object.constructor.name);
    }
    for (const name of Object.keys(client)) assert.match(types, new RegExp(`^export (class|function) ${name}\\b`, 'm'));
  },
};

function answers(port) {
  return new Promise((resolve) => {
    http.get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
      answer.resume();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

async function main() {
  const folder = installed();
  let server;
  let failed = 0;
  try {
    const client = await import(pathToFileURL(path.join(folder, 'node_modules/smsim-client/index.js')));
    server = await client.startServer();
    for (const [fact, proves] of Object.entries(facts)) {
      const world = await server.world(WORLD);
      try {
        await proves({ client, server, world, folder });
        console.log(`  ok   ${fact}`);
      } catch (error) {
        failed += 1;
        console.log(`  FAIL ${fact}: ${error.stack}`);
      } finally {
        await world.delete();
      }
    }
  } finally {
    await server?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return failed ? 1 : 0;
}

const outOfTime = setTimeout(() => {
  console.log(`  FAIL the peer did not finish in ${PEER_MS_MAX} ms`);
  process.exit(1);
}, PEER_MS_MAX);
main().then((code) => { process.exitCode = code; clearTimeout(outOfTime); });
