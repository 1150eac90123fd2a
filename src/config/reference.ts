// docs/reference/configuration.md, made from the declaration; a test keeps the file current.
import { DECLARED_SETTINGS, type DeclaredSetting } from './declared-settings.ts';
import { SYSTEM_CONFIG_FILE } from './load.ts';
import { DEFAULT_LISTEN } from './address.ts';

const INTRODUCTION = `# Configuration

<!-- Made from src/config/schema.ts: run "npx vitest run --project unit src/config -u" after a change there. -->

Mailtrail works without any configuration. What is set comes from, in this order: command line flags, environment
variables, the configuration file, the defaults
below. The order is by setting; a list is replaced as a whole. \`mailtrail config show --origin\` prints every value
with where it came from, \`mailtrail config check\`
says everything that is wrong, as \`file:line:column: setting: expected …, found …; what to do\`.

## The file

YAML: the one that \`--config\` names, else \`$MAILTRAIL_CONFIG\`, else \`${SYSTEM_CONFIG_FILE}\` if it exists.
\`./mailtrail.yaml\` is **not** looked for: what a server does must not
depend on the directory it is started in.

- Unknown keys are errors. Relative paths start at the file's directory (in flags and variables at the working
  directory).
- \`\${NAME}\` in a value is replaced by the environment variable, \`\${NAME:-text}\` by the text when it is unset or
  empty; \`$\${\` is a literal \`\${\`. An unset variable without a text is an error.
- Sizes are \`512MiB\` (powers of 1024), \`2GB\` (powers of 1000) or bytes; days are \`90\`, \`90d\` or \`52w\`.
- On SIGHUP the server reads the file again. If something in it is wrong, it says so in its log and goes on with the old
  configuration.

\`\`\`yaml
organization:
  name: biotech
server:
  listen: ${DEFAULT_LISTEN}
dovecot:
  logs: [/var/log/dovecot-audit.log]
postfix:
  logs: [/var/log/mail.log]
  policyListen: 127.0.0.1:4651
  milterListen: unix:/var/spool/postfix/mailtrail/milter
access:
  rules:
    - name: BlockImapOutside
      effect: DENY
      actions: [IMAP]
      notIpRanges: [192.0.2.0/24]
      notUserIds: [bob]
retention:
  days: { authentication: 365, mailbox-access: 90 }
\`\`\`

## Environment variables

A setting's variable follows from its name: \`server.listen\` is \`MAILTRAIL__SERVER__LISTEN\`, \`journal.keepBytes\` is
\`MAILTRAIL__JOURNAL__KEEP_BYTES\`. Lists are separated by commas; a value that
begins with \`[\` or \`{\` is read as YAML. With \`_FILE\` appended, the variable holds the path of a file with the
value. An unknown variable that begins with \`MAILTRAIL__\` is an error.

The command line has its own: \`MAILTRAIL_CONFIG\` (the file), \`MAILTRAIL_ENDPOINT\` (the server's URL), and AWS's
\`AWS_SHARED_CREDENTIALS_FILE\`, \`AWS_PROFILE\`,
\`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\`.

## Settings
`;

function defaultText({ fallback, meta }: DeclaredSetting): string {
  if (meta.defaultNote !== undefined) return meta.defaultNote;
  if (fallback === undefined) return 'none';
  return `\`${typeof fallback === 'string' ? fallback : `[${fallback.join(', ')}]`}\``;
}

function describe(declared: DeclaredSetting): string {
  const { path, variable, meta } = declared;
  const rows = [
    `### \`${path}\`\n`,
    `${meta.about}\n`,
    `- value: ${meta.expects}`,
    `- default: ${defaultText(declared)}`,
    `- variable: \`${variable}\``,
  ];
  if (meta.example !== undefined) rows.push(`- example: \`${meta.example}\``);
  if (meta.secret === true) rows.push('- a secret: never printed');
  return `${rows.join('\n')}\n`;
}

/** The whole page. */
export function configurationReference(): string {
  return `${INTRODUCTION}\n${DECLARED_SETTINGS.map(describe).join('\n')}`;
}
