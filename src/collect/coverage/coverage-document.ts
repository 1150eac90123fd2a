// docs/coverage.md, made of the coverage.
import { LOG_TYPE_SPECS } from '../../event/log-type.ts';
import {
  ACTION_COVERAGE,
  EMAIL_EVENT_COVERAGE,
  FIELD_COVERAGE,
  OTHER_SOURCES,
  COVERED_VERSIONS,
  type Cell,
  type Coverage,
} from './coverage.ts';

function cell({ kind, text }: Cell): string {
  return (kind === 'none' ? `— ${text}` : text).replaceAll('|', '\\|');
}

function table(first: string, rows: Readonly<Record<string, Coverage>>): string {
  const lines = Object.entries(rows).map(([name, { dovecot, dovecot24, postfix }]) => {
    const newer = dovecot24 === undefined ? 'as 2.3' : dovecot24.replaceAll('|', '\\|');
    return `| \`${name}\` | ${cell(dovecot)} | ${newer} | ${cell(postfix)} |`;
  });
  return [`| ${first} | ${COVERED_VERSIONS.join(' | ')} |`, '|---|---|---|---|', ...lines].join(
    '\n',
  );
}

const HEAD = `# Coverage

Where the value of each WorkMail field comes from on each mail server, with the configuration that
\`mailtrail print-config\` prints. A dash stands in front of why it cannot be had. Made of
\`src/collect/coverage/coverage.ts\`, which a test holds against the recorded events: what is had is in
one of them, and what cannot be had is in none.

Fields of our own are in the [glossary](reference/glossary.md).`;

/** The document's text. */
export function coverageDocument(): string {
  const parts = [HEAD];
  for (const { logType } of LOG_TYPE_SPECS) {
    const fields = FIELD_COVERAGE[logType];
    parts.push(
      `## ${logType}\n\n${fields === undefined ? (OTHER_SOURCES[logType] ?? '') : table('field', fields)}`,
    );
    if (logType === 'WORKMAIL_MAILBOX_ACCESS_LOGS') {
      parts.push(`### Actions\n\n${table('action', ACTION_COVERAGE)}`);
    }
    if (logType === 'EMAIL_EVENT_LOGS') {
      parts.push(`### Events\n\n${table('event', EMAIL_EVENT_COVERAGE)}`);
    }
  }
  return `${parts.join('\n\n')}\n`;
}
