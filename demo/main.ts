// `npm run demo`: sets the stage, plays the story, prints the answers, and cleans up. Progress goes to
// standard error, the answers to standard output.
import { parseArgs } from 'node:util';
import { ADDRESSES } from './cast.ts';
import { checkAnswers, showAnswers } from './answers.ts';
import { recordKept, stopKept } from './keep.ts';
import { environmentOf } from './mailtrail.ts';
import { setStage, type Stage } from './stage.ts';
import { playStory, RULE } from './story.ts';
import { letStartedGroupsGoOn, stopStartedGroups } from '../test/servers/process-group.ts';

const USAGE = `Usage: npm run demo [-- OPTION]

  --keep   leave Mailtrail and the mail servers running and tell how to look further
  --stop   end what earlier runs with --keep left running
  --help   this text
`;

const began = Date.now();

function progress(what: string): void {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(5);
  process.stderr.write(`${seconds}s  ${what}\n`);
}

function write(text: string): void {
  process.stdout.write(text);
}

const INTRODUCTION = `
Nordlys Biotech blocks IMAP from outside ${ADDRESSES.officeNetwork} for everybody but bob, who travels
(rule ${RULE.name}). Today somebody complained about spam from bob. What happened?
`;

function farther(stage: Stage): string {
  const { mailtrail, servers } = stage;
  const variables = Object.entries(environmentOf(mailtrail)).map(([k, v]) => `export ${k}=${v}\n`);
  const groups = ['authentication', 'access-control', 'mailbox-access', 'email-events'];
  const { dovecot, postfix } = servers;
  // The credentials are readable for the account that runs the servers, which is root's.
  const run = process.env['SUDO_USER'] === undefined ? 'node' : 'sudo -E node';
  return `
Everything is still running. To look further:

${variables.join('')}
${run} dist/main.js groups
${run} dist/main.js query 'fields @timestamp, @message | sort @timestamp desc | limit 5'
${run} dist/main.js tail -f

Log groups      ${groups.map((name) => mailtrail.groupName(name)).join('\n                ')}
Endpoint        ${mailtrail.url}
Credentials     ${mailtrail.credentialsFile}
Configuration   ${mailtrail.configFile}
IMAP, POP3      127.0.0.1 ports ${dovecot.ports.imap}, ${dovecot.ports.pop3} (bob@nordlys-biotech.example, Summer2026)
Submission      127.0.0.1 port ${postfix.ports.submission}
Server logs     ${dovecot.auditLog}
                ${postfix.mailLog}
To stop         npm run demo -- --stop
`;
}

/** Exit status by signal, as shells have it. */
const INTERRUPTIONS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
let interrupted = false;

/** Ctrl-C and the like: everything is ended and removed, then this process ends. */
function onInterruption(stop: () => Promise<void>): void {
  for (const [signal, status] of Object.entries(INTERRUPTIONS)) {
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      progress(`${signal}: cleaning up`);
      // What is being started just now is not the stage's yet.
      void stopStartedGroups()
        .then(stop)
        .finally(() => process.exit(status));
    });
  }
}

async function demo(keep: boolean): Promise<number> {
  let stop: (() => Promise<void>) | undefined;
  onInterruption(async () => stop?.());
  const stage = await setStage({ progress, began: (clean) => (stop = clean) });
  let kept = false;
  try {
    const facts = await playStory(stage.servers, progress);
    progress('waiting until everything can be queried');
    const problems = await checkAnswers(stage.mailtrail, facts);
    progress('asking');
    write(INTRODUCTION);
    await showAnswers(stage.mailtrail, write);
    for (const problem of problems) process.stderr.write(`\nWRONG ANSWER: ${problem}\n`);
    if (keep) {
      await stage.servers.balancer.stop();
      recordKept(stage);
      letStartedGroupsGoOn();
      write(farther(stage));
      kept = true;
    }
    return problems.length === 0 ? 0 : 1;
  } finally {
    if (!kept) {
      if (!interrupted) progress('cleaning up');
      await stage.stop();
    }
    progress('done');
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      stop: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    write(USAGE);
    return 0;
  }
  if (values.stop) {
    const stopped = await stopKept();
    for (const directory of stopped) progress(`stopped and removed ${directory}`);
    if (stopped.length === 0) progress('nothing was left running');
    return 0;
  }
  return demo(values.keep);
}

try {
  process.exitCode = await main();
  if (!interrupted) process.exit();
} catch (error) {
  // An interrupted story fails somewhere; that is not what the user wants to hear.
  if (interrupted) await new Promise(() => undefined);
  process.stderr.write(
    `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
