// Rules, roles, devices and overrides with the built program: made on the command line, changed, looked
// back at, reverted, also after they were deleted and after a restart.
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAIN, type RunningServer, startServer, temporaryDirectory } from './running-server.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
let server: RunningServer;

beforeAll(async () => {
  server = await startServer(data);
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  directory.remove();
});

function run(command: string): SpawnSyncReturns<string> {
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(process.execPath, [MAIN, ...command.split(' '), '--data', data], {
    encoding: 'utf8',
    env: { PATH, HOME, MAILTRAIL_ENDPOINT: server.url },
    timeout: 60_000,
  });
}

function done(command: string): string {
  const { status, stdout, stderr } = run(command);
  expect(status, `${command}: ${stderr}`).toBe(0);
  return stdout;
}

test('a rule is changed, looked back at, reverted, deleted and had again', async () => {
  done('rules put NoImap --effect DENY --action IMAP');
  done('rules put NoImap --effect DENY --action IMAP --action POP3');
  expect(done('rules revert NoImap')).toBe(
    'NoImap: reverted\n    - actions: IMAP, POP3\n    + actions: IMAP\n',
  );
  expect(run('rules test --protocol POP3 --user ann').status).toBe(0);
  done('rules delete NoImap');
  expect(run('rules show NoImap').status).toBe(5);
  await server.stop();
  server = await startServer(data);
  expect(done('rules revert NoImap --to 2')).toMatch(/^NoImap: reverted\n {4}\+ name: NoImap/);
  expect(done('rules show NoImap')).toMatch(/actions: IMAP, POP3\nrevision: 1\n/);
  expect(run('rules test --protocol POP3 --user ann').status).toBe(1);
  expect(done('rules revert NoImap --to 1h')).toMatch(/^NoImap: reverted\n {4}- name: NoImap/);
  expect(run('rules revert NoImap --to 9').stderr).toMatch(/has the revisions 1, 2, 3/);
  const heads = done('rules history NoImap')
    .split('\n')
    .filter((line) => line.startsWith('2'));
  expect(heads.map((line) => line.replace(/^\S+ NoImap ([a-z0-9 ]+):.*$/, '$1'))).toEqual([
    'deleted',
    'revision 1',
    'deleted',
    'revision 3',
    'revision 2',
    'revision 1',
  ]);
});

test('what was changed meanwhile is not changed back', () => {
  done('rules put Stale --effect DENY --action EWS');
  const stale = run('rules put Stale --effect ALLOW --action EWS --revision 7');
  expect(stale.status).toBe(1);
  expect(stale.stderr).toMatch(/revision 7 was seen, now it is at revision 1/);
  expect(run('rules delete Stale --revision 7').status).toBe(1);
});

test('roles, devices and overrides have all of it', () => {
  done('roles put auditors --name Auditors --type READ_ONLY --allow-everybody');
  done('roles put auditors --name Auditors --type FULL_ACCESS --allow ann');
  expect(done('roles list')).toMatch(/auditors +Auditors +FULL_ACCESS .*ALLOW ann/);
  expect(done('roles revert auditors')).toMatch(/- type: FULL_ACCESS\n {4}\+ type: READ_ONLY/);
  expect(done('roles history auditors')).toMatch(/revision 2: UpdateImpersonationRole by/);
  done('devices put no-android --effect DENY --os Android');
  expect(run('devices test --user ann --os Android').stdout).toMatch(
    /^DENY: by the rule no-android/,
  );
  done('device-overrides put Ann:AB1 --effect ALLOW');
  expect(done('devices test --user ann --device-id ab1 --os Android')).toMatch(
    /^ALLOW: by the override Ann:AB1/,
  );
  done('device-overrides delete ann:ab1');
  expect(done('device-overrides revert Ann:AB1')).toMatch(/^Ann:AB1: reverted\n {4}\+ userId: Ann/);
  expect(done('devices delete no-android')).toMatch(/^no-android: deleted \(no-android, DENY/);
  expect(done('devices history')).toMatch(/no-android deleted: DeleteMobileDeviceAccessRule/);
});

test('files are applied: what was exported changes nothing, and pruning leaves what they say', async () => {
  const path = join(directory.path, 'access.yaml');
  writeFileSync(path, done('access export'));
  expect(done(`apply -f ${path} --prune --dry-run --fail-on-changes`)).toMatch(
    /^0 to create, 0 to update, 0 to delete, \d+ as they should be\n$/,
  );
  writeFileSync(
    path,
    'accessRules:\n  - { name: Default, effect: ALLOW }\n  - name: Office\n    effect: DENY\n    notIpRanges: [192.0.2.0/24]\n',
  );
  expect(run(`apply -f ${path}`).status).toBe(2);
  expect(done(`apply -f ${path} --prune --yes`)).toMatch(/rule Office: created\n/);
  expect(
    (JSON.parse(done('rules list -o json')) as { name: string }[]).map(({ name }) => name),
  ).toEqual(['Default', 'Office']);
  expect(run('rules test --ip 203.0.113.7 --user ann').status).toBe(1);
  expect(done('rules history Office')).toMatch(/Office revision 1: PutAccessControlRule/);
  writeFileSync(path, 'accessRules:\n  - name: Office\n    effect: NEVER\n');
  const wrong = run(`apply -f ${path} --yes`);
  expect(wrong.status).toBe(3);
  expect(wrong.stderr).toMatch(/access\.yaml:3:5: accessRules\[0\]\.effect: must be ALLOW or DENY/);
});
