// The TextMate grammar of scenario files, by the engine of VS Code, on every scenario file there is: every character has a
// scope of its own, and words have the scope that they should.
'use strict';
const fs = require('fs');
const path = require('path');
const modules = process.env.NODE_MODULES || path.join(__dirname, '../../target/peers/node/node_modules');
const textmate = require(path.join(modules, 'vscode-textmate'));
const oniguruma = require(path.join(modules, 'vscode-oniguruma'));

const ROOT = path.join(__dirname, '../..');
const EDITOR = path.join(ROOT, 'crates/scenario/editor');
const FOLDERS = ['tests', 'simulator-config', 'crates'];

let failed = 0;
function check(fact, ok, detail) {
  if (!ok) failed += 1;
  console.log(ok ? `  ok   ${fact}` : `  FAIL ${fact}: ${detail}`);
}

// Lines with a word and the scope that the word has, which must begin so.
const EXAMPLES = [
  ['world seed 7, start 2009-03-02 14:00', [['world', 'storage.type.declaration'], ['2009-03-02', 'constant.numeric.date'],
    ['14:00', 'constant.numeric.time'], ['start', 'support.type.property-name'], ['7', 'constant.numeric']]],
  ['carrier att, latency 200ms  # a comment', [['att', 'entity.name.type'], ['200ms', 'constant.numeric.duration'],
    ['# a comment', 'comment.line']]],
  ['user alice +14155550101 on att, apps news', [['alice', 'entity.name.type'], ['+14155550101', 'constant.numeric'],
    ['on', 'keyword.other'], ['apps', 'support.type.property-name']]],
  ['test "one \\"two\\"" @demo:', [['"one \\"two\\""', 'entity.name.section'], ['@demo', 'entity.name.tag']]],
  ['  alice > "quiz {$s} \\n {{"', [['alice', 'variable.other.actor'], ['>', 'keyword.operator'],
    ['{$s}', 'variable.other.interpolated'], ['\\n', 'constant.character.escape'], ['quiz ', 'string.quoted']]],
  ['  alice < ~"*Jaws*", within 5s, from 32665', [['~', 'keyword.operator.glob'], ['within', 'keyword.other.clause'],
    ['from', 'keyword.other.clause'], ['32665', 'constant.numeric']]],
  ['  alice < /a b\\/c/i, as $a', [['/a b\\/c/i', 'string.regexp'], ['$a', 'variable.other.capture']]],
  ['  alice < nothing for 1h', [['nothing', 'keyword.other'], ['for', 'keyword.other'], ['1h', 'constant.numeric.duration']]],
  ['  alice < ...', [['...', 'keyword.other.fill']]],
  ['  quiz  < alice "play", new, as $s, sig ok', [['new', 'keyword.other.clause'], ['ok', 'constant.language']]],
  ['  quiz  > alice "Q", ask $s as $m = 850', [['ask', 'keyword.other.clause'], ['as', 'keyword.other.clause'],
    ['850', 'constant.numeric'], ['=', 'keyword.operator']]],
  ['  quiz  > users.getInfo uids=1', [['users.getInfo', 'support.function.method'], ['uids', 'support.type.property-name']]],
  ['  acme  > submit_sm short_message="Hi" = ESME_ROK', [['submit_sm', 'support.function.pdu'],
    ['ESME_ROK', 'constant.language.status']]],
  ['  fbook < receipt $m DELIVRD', [['receipt', 'keyword.other'], ['DELIVRD', 'constant.other']]],
  ['  set alice quiet-hours 22:00-08:00', [['set', 'keyword.control'], ['quiet-hours', 'support.type.property-name'],
    ['22:00-08:00', 'constant.numeric.time']]],
  ['  any order:', [['any order', 'keyword.control']]],
  ['  for $user in alice, bob:', [['for', 'keyword.control'], ['$user', 'variable.parameter'], ['in', 'keyword.control']]],
  ['  run hello(dave, "x")', [['hello', 'entity.name.function'], ['run', 'keyword.control']]],
  ['  wait 1h 30m', [['wait', 'keyword.control'], ['30m', 'constant.numeric.duration']]],
  ['  on any  reply "x", after 2s', [['on', 'keyword.control.rule'], ['any', 'constant.language'], ['reply', 'keyword.other.action'],
    ['after', 'keyword.other.action']]],
];

function* scenarios(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'target') yield* scenarios(at);
    if (entry.name.endsWith('.sms')) yield at;
  }
}

async function load() {
  const wasm = fs.readFileSync(path.join(modules, 'vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const file = path.join(EDITOR, 'sms.tmLanguage.json');
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(file, 'utf8'), file),
  });
  return registry.loadGrammar('source.sms');
}

// The tokens of a line that have no scope beside the language's.
function unscoped(line, tokens) {
  return tokens
    .filter((token) => token.scopes.length === 1)
    .map((token) => line.slice(token.startIndex, token.endIndex).trim())
    .filter((text) => text !== '');
}

function scopesOf(line, tokens, word) {
  const at = line.indexOf(word);
  const token = tokens.find((each) => each.startIndex <= at && at < each.endIndex);
  return token.scopes;
}

async function main() {
  const grammar = await load();
  let files = 0, lines = 0;
  const bare = [], illegal = [], open = [];
  for (const folder of FOLDERS) {
    for (const file of scenarios(path.join(ROOT, folder))) {
      const shown = path.relative(ROOT, file);
      let state = textmate.INITIAL;
      files += 1;
      fs.readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
        const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
        lines += 1;
        for (const text of unscoped(line, tokens)) bare.push(`${shown}:${index + 1}: ${text}`);
        // What is wrong on purpose stands in tests/failing.
        if (!shown.startsWith('tests/failing') && tokens.some((token) => token.scopes.some((s) => s.startsWith('invalid')))) {
          illegal.push(`${shown}:${index + 1}`);
        }
        if (ruleStack.depth > 1) open.push(`${shown}:${index + 1}`);
        state = ruleStack;
      });
    }
  }
  check(`${lines} lines of ${files} files leave nothing without a scope`, bare.length === 0, bare.slice(0, 10).join('; '));
  check('nothing in a good file is marked as illegal', illegal.length === 0, illegal.join(', '));
  check('no line leaves a text or a rule open for the next', open.length === 0, open.slice(0, 10).join(', '));
  check('there are many files', files > 100, `${files}`);
  for (const [line, words] of EXAMPLES) {
    const { tokens } = grammar.tokenizeLine(line, textmate.INITIAL);
    const wrong = words.filter(([word, scope]) => !scopesOf(line, tokens, word).some((s) => s.startsWith(scope)));
    const told = wrong.map(([word]) => `${word} is ${scopesOf(line, tokens, word).join(' ')}`).join('; ');
    check(line.trim(), wrong.length === 0, told);
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(EDITOR, 'package.json'), 'utf8'));
  const named = [...manifest.contributes.languages.map((each) => each.configuration), ...manifest.contributes.grammars.map((each) => each.path)];
  check('the extension names files that are there and can be read', named.every((name) => JSON.parse(fs.readFileSync(path.join(EDITOR, name), 'utf8'))), named.join(', '));
  process.exit(failed ? 1 : 0);
}

main().catch((error) => { console.log(`  FAIL it runs: ${error.stack}`); process.exit(1); });
