import { expect, test } from 'vitest';
import { verdictsOf } from './authentication-results.ts';

const OURS = ['mx.example.test'];

test('one field with several methods, as rspamd writes it', () => {
  const field =
    'mx.example.test; dkim=pass header.d=partner.test header.s=s1; spf=softfail (mx: 192.0.2.1; is not; right) smtp.mailfrom=a@partner.test; dmarc=fail reason="no; dkim=fail" header.from=partner.test (p=reject sp=none dis=quarantine)';
  expect(verdictsOf([field], OURS)).toEqual({
    spfVerdict: 'SOFTFAIL',
    dkimVerdict: 'PASS',
    dmarcVerdict: 'FAIL',
    dmarcPolicy: 'REJECT',
    dmarcApplied: 'QUARANTINE',
  });
});

test('one field for each filter; of each method the topmost counts', () => {
  const fields = [
    'MX.example.test; dmarc=pass (p=none dis=none) header.from=partner.test',
    'mx.example.test; dkim=fail/1',
    'mx.example.test 1; dkim/1 = pass header.d=x; dmarc=fail (p=reject)',
  ];
  expect(verdictsOf(fields, OURS)).toEqual({
    dkimVerdict: 'FAIL',
    dmarcVerdict: 'PASS',
    dmarcApplied: 'NONE',
  });
});

test.each([
  ['partner.test; spf=pass'],
  ['mx.example.test.evil.test; spf=pass'],
  ['(mx.example.test) evil.test; spf=pass'],
  ['"mx.example.test"; spf=pass'],
  ['evil.test (a; mx.example.test; spf=pass'],
  ['mx.example.test; none'],
  [''],
])('%j is not believed, or says nothing', (field) => {
  expect(verdictsOf([field], OURS)).toEqual({});
});

test('nobody is trusted where nobody is named', () => {
  expect(verdictsOf(['mx.example.test; spf=pass'], [])).toEqual({});
});
