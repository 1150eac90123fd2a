import { expect, test } from 'vitest';
import { loadConfig, type EffectiveSetting } from './load.ts';
import { showJson, showYaml } from './show.ts';

function settings(yaml: string): readonly EffectiveSetting[] {
  const result = loadConfig({
    env: {},
    cwd: '/',
    home: '/root',
    uid: 0,
    readFile: () => yaml,
    flags: [{ flag: '--listen', path: 'server.listen', value: '127.0.0.1:1' }],
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.settings;
}

const YAML =
  'organization: { account: 012345678901 }\naccess: { rules: [{name: A, effect: DENY}] }\n';

test('what is shown is a configuration that means the same', () => {
  const shown = showYaml(settings(YAML), { origin: true });
  expect(shown).toContain('listen: 127.0.0.1:1 # --listen\n');
  expect(shown).toContain('name: default # default\n');
  expect(shown).toContain('account: "012345678901" # /etc/mailtrail/config.yaml:1:26\n');
  expect(shown).toContain('# /etc/mailtrail/config.yaml:2:18\n  rules:\n');
  expect(showYaml(settings(shown), { origin: false })).toBe(
    showYaml(settings(YAML), { origin: false }),
  );
});

test('JSON, with and without origins', () => {
  const nested = JSON.parse(showJson(settings(YAML), { origin: false })) as unknown;
  expect(nested).toMatchObject({ data: '/var/lib/mailtrail', server: { tls: { cert: null } } });
  const flat = JSON.parse(showJson(settings(YAML), { origin: true })) as unknown;
  expect(flat).toMatchObject({
    'server.listen': { value: '127.0.0.1:1', origin: '--listen' },
    'log.level': { value: 'info', origin: 'default' },
  });
});

test('secrets are never shown', () => {
  const secret: EffectiveSetting = {
    path: 'a.b',
    value: 'hunter2',
    origin: { kind: 'default' },
    secret: true,
  };
  for (const origin of [true, false]) {
    expect(showYaml([secret], { origin })).toContain('***');
    expect(showYaml([secret], { origin }) + showJson([secret], { origin })).not.toContain(
      'hunter2',
    );
  }
});
