// `organization`: whose audit logs these are, in the words of ARNs.
import { section, setting } from './setting.ts';

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

/** `organization` */
export const organization = section({
  name: setting(
    {
      about:
        'Names the log groups (`/mailtrail/<name>/…`); the organization id `m-…` is derived from it. Renaming it starts new groups.',
      expects: '1 to 62 of the characters a-z 0-9 -',
      example: 'biotech',
    },
    matching(/^[a-z0-9-]{1,62}$/),
    'default',
  ),
  account: setting(
    { about: 'The AWS account number in ARNs.', expects: '12 digits', example: '123456789012' },
    matching(/^\d{12}$/),
    '000000000000',
  ),
  region: setting(
    {
      about: 'The AWS region in ARNs, and the one that signed requests must name.',
      expects: 'a region such as us-east-1',
    },
    matching(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/),
    'us-east-1',
  ),
});
