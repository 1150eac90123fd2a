// The commands of `mailtrail deliveries`, declared. Deliveries are made by the API of CloudWatch Logs.
import type { CommandSpec } from './command.ts';
import { output, SERVER } from './option-groups.ts';

/** In the order of the help. */
export const DELIVERY_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'deliveries list',
    summary: 'the deliveries, how far each is, and what keeps one from going on',
    examples: [['mailtrail deliveries list', 'and -o json for monitoring']],
    notes:
      'Deliveries are made with "aws logs create-delivery" or an SDK: docs/guides/delivery.md.',
    options: [output('table', 'json', 'ndjson'), ...SERVER],
    load: () => import('./deliveries-list.ts'),
  },
  {
    name: 'deliveries test',
    summary: 'try where a delivery goes; exits with 1 when it cannot be written to',
    examples: [
      ['mailtrail deliveries test 3f0a9c1d2b4e5f60', 'says what is wrong, and what to do'],
    ],
    arguments: [{ name: 'id', about: 'the id of the delivery' }],
    options: [output('text', 'json'), ...SERVER],
    load: () => import('./deliveries-test.ts'),
  },
];
