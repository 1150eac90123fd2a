import { expect, test } from 'vitest';
import { NETWORKS_MAX, networksSetting } from './named-networks.ts';

const setting = networksSetting();

function problems(input: unknown): string[] {
  const read = setting.safeParse(input);
  return read.success
    ? []
    : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('ranges by name', () => {
  const networks = { office: ['192.0.2.0/24', '2001:db8::/32'], 'vpn-1': ['198.51.100.7'] };
  expect(setting.parse(networks)).toEqual(networks);
  expect(setting.parse(undefined)).toEqual({});
});

test('each mistake has its place', () => {
  expect(problems({ office: ['192.0.2.0/24', 'here'], 'a b': [], home: '192.0.2.1' })).toEqual([
    'office.1: expected an IPv4 or IPv6 range such as 192.0.2.0/24 or 2001:db8::/32, found "here"; correct it or leave it out',
    'a b: expected a name of 1 to 64 letters, digits and . _ -, found "a b"; rename the network',
    'home: expected a list of at most 1024 ranges, found "192.0.2.1"; write it as "home: [192.0.2.0/24]"',
  ]);
  expect(problems(['office'])[0]).toContain('expected a section of at most 1000 lines');
  const many = Object.fromEntries(
    Array.from({ length: NETWORKS_MAX + 1 }, (_, n) => [`n${n}`, [] as string[]]),
  );
  expect(problems(many)[0]).toContain('at most 1000');
});
