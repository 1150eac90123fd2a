// What happens at Nordlys Biotech: work as usual, a stranger who guesses bob's password, and what he
// does with it. Played with real clients against real servers; what must be found afterwards is
// written down while it happens, not worked out from the answers.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SignInRefused, type Account, type Endpoint } from '../test/servers/clients/account.ts';
import { withImap, type Program } from '../test/servers/clients/imap.ts';
import { fetchByPop3 } from '../test/servers/clients/pop3.ts';
import { activateScript } from '../test/servers/clients/sieve.ts';
import { sendLetter, type Letter } from '../test/servers/clients/smtp.ts';
import type { MailServers } from '../test/servers/mail-servers.ts';
import { NORDLYS, userNamed, type MailUser } from '../test/servers/organization.ts';
import { ADDRESSES, BAIT, HIDDEN_FOLDER, HIDING_SCRIPT, LETTERS, PROGRAMS } from './cast.ts';
import { REFUSING_DOMAIN } from '../test/servers/postfix.ts';
import { emptyFacts, type StoryFacts } from './facts.ts';

/** The rule of the story; the stage puts it into Mailtrail's configuration. */
export const RULE = {
  name: 'BlockImapOutside',
  effect: 'DENY',
  description: 'IMAP only from the office; bob travels',
  actions: ['IMAP'],
  notIpRanges: [ADDRESSES.officeNetwork],
  notUserIds: [`bob@${NORDLYS.domain}`],
} as const;

/** How long a message may take from one server to the mailbox, in ms. */
const DELIVERY_DEADLINE_MS = 30_000;
const POLL_MS = 20;

/** Told before each scene. */
export type Progress = (scene: string) => void;

type Service = 'imapProxy' | 'pop3Proxy' | 'sieveProxy' | 'submissionProxy' | 'mxProxy';

/** Whose folder a letter is to arrive in; the INBOX where none is named. */
interface Destination {
  readonly user: string;
  readonly folder?: string;
}

/** The people, their programs and the servers, as the scenes use them. */
class Play {
  readonly facts: StoryFacts = emptyFacts();
  readonly #servers: MailServers;

  constructor(servers: MailServers) {
    this.#servers = servers;
  }

  user(name: string): MailUser {
    return userNamed(this.#servers.organization, name);
  }

  /** A way to a service on which the server sees the address as the client's. */
  async #from(address: string, service: Service): Promise<Endpoint> {
    const { dovecot, postfix, balancer, certificateFile } = this.#servers;
    const targetPort =
      service === 'mxProxy'
        ? postfix.ports.mxProxy
        : service === 'submissionProxy'
          ? postfix.ports.submissionProxy
          : dovecot.ports[service];
    // Both forms of the header are in use out there.
    const version = service === 'imapProxy' ? 2 : 1;
    const port = await balancer.port({ targetPort, sourceAddress: address, version });
    return { port, certificateFile };
  }

  /** Sends a letter and waits until it is in a folder, where one is named. */
  async #deliver(send: () => Promise<unknown>, into?: Destination): Promise<void> {
    const before = into === undefined ? 0 : this.#count(into.user, into.folder);
    await send();
    if (into === undefined) return;
    await this.untilCount(into.user, before + 1, into.folder);
  }

  /** Another company's mail server delivers. */
  async arrives(letter: Letter, into?: Destination): Promise<void> {
    const endpoint = await this.#from(ADDRESSES.partnerServer, 'mxProxy');
    await this.#deliver(() => sendLetter(endpoint, letter), into);
  }

  async submit(
    address: string,
    account: Account,
    letter: Letter,
    into?: Destination,
  ): Promise<void> {
    const endpoint = await this.#from(address, 'submissionProxy');
    await this.#deliver(() => sendLetter(endpoint, letter, account), into);
    this.facts.signedIn(account.login, address, 'SMTP');
  }

  /** A sign-in for which the password is not right. */
  async guess(
    address: string,
    protocol: 'IMAP' | 'SMTP',
    account: Account,
    program: Program,
  ): Promise<void> {
    await refused(async () => {
      if (protocol === 'SMTP') {
        const letter = { from: account.login, to: [account.login], subject: '', text: '' };
        await sendLetter(await this.#from(address, 'submissionProxy'), letter, account);
      } else {
        await this.#openAndClose(address, account, program);
      }
    });
    this.facts.wrongPassword(account.login, address, protocol);
  }

  /** A sign-in by IMAP that the rule does not allow, whatever the password. */
  async refusedByRule(address: string, account: Account, program: Program): Promise<void> {
    await refused(() => this.#openAndClose(address, account, program));
    this.facts.refusedByRule(account.login, address, 'IMAP', RULE.name);
  }

  async #openAndClose(address: string, account: Account, program: Program): Promise<void> {
    await withImap(await this.#from(address, 'imapProxy'), account, program, async () => undefined);
  }

  async imap(
    address: string,
    account: Account,
    program: Program,
    work: Parameters<typeof withImap>[3],
  ): Promise<void> {
    await withImap(await this.#from(address, 'imapProxy'), account, program, work);
  }

  async pop3(address: string, account: Account): Promise<number> {
    const fetched = await fetchByPop3(await this.#from(address, 'pop3Proxy'), account);
    this.facts.signedIn(account.login, address, 'POP3');
    return fetched;
  }

  async putScript(address: string, account: Account, name: string, script: string): Promise<void> {
    await activateScript(await this.#from(address, 'sieveProxy'), account, name, script);
    this.facts.signedIn(account.login, address, 'ManageSieve');
    this.facts.changedScript(account.login, address, name);
  }

  /** How many messages are in a folder, by its files: asking a server would leave traces. */
  #count(user: string, folder = 'INBOX'): number {
    const { directory, organization } = this.#servers;
    const home = join(directory, 'dovecot', 'mail', `${user}@${organization.domain}`, 'Maildir');
    const maildir = folder === 'INBOX' ? home : join(home, `.${folder.replaceAll('/', '.')}`);
    return ['new', 'cur']
      .map((part) => join(maildir, part))
      .filter((path) => existsSync(path))
      .reduce((count, path) => count + readdirSync(path).length, 0);
  }

  async untilCount(user: string, wanted: number, folder = 'INBOX'): Promise<void> {
    const end = Date.now() + DELIVERY_DEADLINE_MS;
    while (this.#count(user, folder) < wanted) {
      if (Date.now() > end) {
        const log = this.#servers.postfix.mailLog;
        throw new Error(`${user}'s folder ${folder} has not got ${wanted} messages; see ${log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

async function refused(signIn: () => Promise<void>): Promise<void> {
  try {
    await signIn();
  } catch (error) {
    if (error instanceof SignInRefused) return;
    throw error;
  }
  throw new Error('a sign-in that the story needs refused was let in');
}

async function mailArrives(play: Play): Promise<void> {
  for (const letter of LETTERS.toBob) await play.arrives(letter, { user: 'bob' });
  for (const letter of LETTERS.toAlice) await play.arrives(letter, { user: 'alice' });
  const { boardMeeting, vpnAccess } = LETTERS;
  await play.submit(ADDRESSES.alice, play.user('alice'), boardMeeting, { user: 'bob' });
  await play.submit(ADDRESSES.dave, play.user('dave'), vpnAccess, { user: 'bob' });
  // A new mailbox numbers its messages from 1.
  for (const [index, letter] of [...LETTERS.toBob, boardMeeting, vpnAccess].entries()) {
    play.facts.arrived(index + 1, letter.subject);
  }
}

async function aliceWorks(play: Play): Promise<void> {
  const alice = play.user('alice');
  await play.imap(ADDRESSES.alice, alice, PROGRAMS.alice, async (client) => {
    await client.mailboxOpen('INBOX');
    await client.fetchAll('1:*', { envelope: true, flags: true });
    await client.fetchOne('1', { source: true }, { uid: true });
    await client.messageFlagsAdd('1', ['\\Seen'], { uid: true });
  });
  play.facts.signedIn(alice.login, ADDRESSES.alice, 'IMAP', PROGRAMS.alice);
  const fetched = await play.pop3(ADDRESSES.alice, alice);
  if (fetched !== LETTERS.toAlice.length) throw new Error(`POP3 brought ${fetched} messages`);
}

async function bobTravels(play: Play): Promise<void> {
  const bob = play.user('bob');
  const mistyped = { login: bob.login, password: 'summer2026' };
  await play.guess(ADDRESSES.bobsHotel, 'IMAP', mistyped, PROGRAMS.bob);
  await play.imap(ADDRESSES.bobsHotel, bob, PROGRAMS.bob, async (client) => {
    await client.mailboxOpen('INBOX');
    await client.fetchAll('1:*', { envelope: true, flags: true });
    await client.fetchOne('1', { source: true }, { uid: true });
    await client.messageFlagsAdd('1', ['\\Seen'], { uid: true });
  });
  play.facts.signedIn(bob.login, ADDRESSES.bobsHotel, 'IMAP', PROGRAMS.bob);
  await play.submit(ADDRESSES.bobsHotel, bob, LETTERS.bobsAnswer);
}

async function carolAtHome(play: Play): Promise<void> {
  const carol = play.user('carol');
  for (let attempt = 0; attempt < 3; attempt++) {
    await play.refusedByRule(ADDRESSES.carolsHome, carol, PROGRAMS.carol);
  }
  await play.submit(ADDRESSES.carolsHome, carol, LETTERS.carolsQuestion);
}

async function strangerGuesses(play: Play): Promise<void> {
  const bob = play.user('bob');
  for (const name of ['alice', 'dave']) {
    const account = { login: play.user(name).login, password: 'Summer2026' };
    await play.refusedByRule(ADDRESSES.stranger, account, PROGRAMS.stranger);
  }
  for (const name of ['alice', 'carol', 'dave', 'info']) {
    const account = { login: `${name}@${NORDLYS.domain}`, password: 'Summer2026' };
    await play.guess(ADDRESSES.stranger, 'SMTP', account, PROGRAMS.stranger);
  }
  for (const password of ['Winter2025', 'Spring2026']) {
    const account = { login: bob.login, password };
    await play.guess(ADDRESSES.stranger, 'IMAP', account, PROGRAMS.stranger);
  }
}

async function strangerReads(play: Play): Promise<void> {
  const bob = play.user('bob');
  const { stranger } = ADDRESSES;
  await play.imap(stranger, bob, PROGRAMS.stranger, async (client) => {
    await client.list();
    await client.mailboxOpen('INBOX');
    await client.fetchAll('1:*', { envelope: true, flags: true });
    const bySubject = async (subject: string): Promise<number> => {
      const found = await client.search({ header: { subject } }, { uid: true });
      const uid = found === false ? undefined : found?.[0];
      if (uid === undefined) throw new Error(`no message "${subject}" in bob's mailbox`);
      return uid;
    };
    for (const letter of BAIT.read) {
      const uid = await bySubject(letter.subject);
      await client.fetchOne(String(uid), { source: true }, { uid: true });
      play.facts.read(bob.login, stranger, uid);
    }
    const moved = await bySubject(BAIT.moved.subject);
    await client.messageMove(String(moved), 'Trash', { uid: true });
    play.facts.moved(bob.login, stranger, moved, 'Trash');
    for (const letter of BAIT.deleted) {
      const uid = await bySubject(letter.subject);
      await client.messageDelete(String(uid), { uid: true });
      play.facts.deleted(bob.login, stranger, uid);
    }
  });
  play.facts.signedIn(bob.login, stranger, 'IMAP', PROGRAMS.stranger);
}

async function strangerHides(play: Play): Promise<void> {
  await play.putScript(
    ADDRESSES.stranger,
    play.user('bob'),
    HIDING_SCRIPT.name,
    HIDING_SCRIPT.text,
  );
}

async function strangerSpams(play: Play): Promise<void> {
  const bob = play.user('bob');
  for (const letter of LETTERS.spam) {
    await play.submit(ADDRESSES.stranger, bob, letter);
    for (const recipient of letter.to) {
      const bounced = recipient.endsWith(`@${REFUSING_DOMAIN}`);
      play.facts.sent(bob.login, ADDRESSES.stranger, recipient, letter.subject, bounced);
    }
  }
  // Each spam had one recipient who does not exist; the bounces come back to bob, who never sees them.
  await play.untilCount('bob', LETTERS.spam.length, HIDDEN_FOLDER);
  for (const _ of LETTERS.spam) {
    play.facts.hidden(bob.login, 'Undelivered Mail Returned to Sender', HIDDEN_FOLDER);
  }
}

async function complaintArrives(play: Play): Promise<void> {
  const bob = play.user('bob');
  await play.arrives(LETTERS.complaint, { user: 'bob', folder: HIDDEN_FOLDER });
  await play.untilCount('postmaster', 1);
  play.facts.hidden(bob.login, LETTERS.complaint.subject, HIDDEN_FOLDER);
}

async function adminLooks(play: Play): Promise<void> {
  const alice = play.user('alice');
  const admin = NORDLYS.masterUser;
  const account = { login: `${alice.login}*${admin.login}`, password: admin.password };
  await play.imap(ADDRESSES.helpdesk, account, PROGRAMS.admin, async (client) => {
    await client.mailboxOpen('INBOX', { readOnly: true });
    await client.fetchOne('2', { source: true }, { uid: true });
  });
  play.facts.impersonated(alice.login, admin.login, ADDRESSES.helpdesk, 'INBOX/;UID=2');
}

const SCENES: readonly (readonly [string, (play: Play) => Promise<void>])[] = [
  ['mail arrives from partners and colleagues', mailArrives],
  ['alice works in the office, by IMAP and POP3', aliceWorks],
  ['bob reads and answers mail in his hotel', bobTravels],
  ["carol's new client at home is refused; her phone still sends", carolAtHome],
  ['a stranger guesses passwords of several users', strangerGuesses],
  ["the stranger is in: he reads, moves and deletes bob's mail", strangerReads],
  ['the stranger hides a Sieve rule', strangerHides],
  ['the stranger sends spam as bob; bounces go where bob does not look', strangerSpams],
  ['a complaint about the spam arrives', complaintArrives],
  ["an admin opens alice's mailbox as master user", adminLooks],
];

/**
 * Plays the whole story, scene by scene. The servers must ask a Mailtrail that has the story's RULE.
 *
 * @returns what must be found in the record afterwards
 */
export async function playStory(servers: MailServers, progress: Progress): Promise<StoryFacts> {
  const play = new Play(servers);
  for (const [title, scene] of SCENES) {
    progress(title);
    try {
      await scene(play);
    } catch (error) {
      throw new Error(`the scene "${title}" failed: ${String(error)}`, { cause: error });
    }
  }
  return play.facts;
}
