// Who and what appears in the story: addresses from the ranges reserved for documentation (RFC 5737),
// domains reserved for examples (RFC 2606), programs, letters.
import type { Program } from '../test/servers/clients/imap.ts';
import type { Letter } from '../test/servers/clients/smtp.ts';
import { NORDLYS } from '../test/servers/organization.ts';
import { REFUSING_DOMAIN } from '../test/servers/postfix.ts';

/** Where people are. */
export const ADDRESSES = {
  officeNetwork: '192.0.2.0/24',
  helpdesk: '192.0.2.5',
  alice: '192.0.2.21',
  dave: '192.0.2.34',
  bobsHotel: '198.51.100.23',
  carolsHome: '198.51.100.77',
  partnerServer: '198.51.100.140',
  stranger: '203.0.113.66',
} as const;

/** What they read mail with. */
export const PROGRAMS = {
  alice: { name: 'Thunderbird', version: '128.5.0' },
  bob: { name: 'Thunderbird', version: '128.4.3' },
  carol: { name: 'K-9 Mail', version: '8.2' },
  admin: { name: 'Roundcube', version: '1.6.9' },
  stranger: { name: 'imap-grab', version: '0.4' },
} as const satisfies Record<string, Program>;

/** Where the stranger's rule puts what bob shall not see. */
export const HIDDEN_FOLDER = 'Archive/2019';

export const HIDING_SCRIPT = {
  name: 'sync',
  text: `require ["fileinto", "mailbox"];
if anyof (
  header :contains "from" "mailer-daemon",
  header :contains "subject" ["undelivered", "spam", "complaint", "hacked"]
) {
  fileinto :create "${HIDDEN_FOLDER}";
  stop;
}
`,
} as const;

const address = (name: string): string => `${name}@${NORDLYS.domain}`;

const INTERIM: Letter = {
  from: 'Ingrid Vang <ingrid.vang@fjordpharma.example>',
  to: [address('bob')],
  subject: 'NB-204: interim results, confidential',
  text: 'Dear Bob,\n\nthe interim analysis is done, primary endpoint met. Please keep it to yourself.\n\nIngrid\n',
};
const INVOICE: Letter = {
  from: 'Accounts <billing@labsupply.example>',
  to: [address('bob')],
  subject: 'Invoice 2026-118, please note our bank account',
  text: 'Invoice 2026-118 over EUR 48,200 is attached.\nIBAN NO93 8601 1117 947\n',
};
const SECURITY_NOTICE: Letter = {
  from: 'Fjord Pharma portal <no-reply@fjordpharma.example>',
  to: [address('bob')],
  subject: 'New sign-in to your partner account',
  text: 'Your account was used from a new place. Was this you?\n',
};
const NEWSLETTER: Letter = {
  from: 'Nordic Biotech News <news@biotechnews.example>',
  to: [address('bob')],
  subject: 'This week: three approvals and a merger',
  text: 'Read more on our site.\n',
};
const BOARD_MEETING: Letter = {
  from: `Alice Berg <${address('alice')}>`,
  to: [address('bob')],
  subject: 'Board meeting on Thursday',
  text: 'Hi Bob, can you join from the hotel at 14:00?\n\nAlice\n',
};
const VPN_ACCESS: Letter = {
  from: `Dave Lund <${address('dave')}>`,
  to: [address('bob')],
  subject: 'Your VPN access',
  text: 'Hi Bob, your VPN token is in the safe. The gateway is vpn.nordlys-biotech.example.\n\nDave\n',
};

export const LETTERS = {
  toBob: [INTERIM, INVOICE, SECURITY_NOTICE, NEWSLETTER],
  toAlice: [
    {
      from: 'Ingrid Vang <ingrid.vang@fjordpharma.example>',
      to: [address('alice')],
      subject: 'Stability data, batch 17',
      text: 'Dear Alice, here are the figures you asked for.\n',
    },
    {
      from: 'Travel desk <booking@travel.example>',
      to: [address('alice')],
      subject: 'Your flight to Tromsø',
      text: 'Booking XK4T9P, 3 December, 07:25.\n',
    },
  ],
  boardMeeting: BOARD_MEETING,
  vpnAccess: VPN_ACCESS,
  bobsAnswer: {
    from: `Bob Solberg <${address('bob')}>`,
    to: ['ingrid.vang@fjordpharma.example'],
    subject: 'Re: NB-204: interim results, confidential',
    text: 'Great news, Ingrid. Let us talk on Friday.\n',
  },
  carolsQuestion: {
    from: `Carol Holm <${address('carol')}>`,
    to: [address('dave')],
    subject: 'My new mail program does not work at home',
    text: 'Hi Dave, it says it was denied by a rule. Sending this from my phone.\n',
  },
  spam: [
    {
      from: `Bob Solberg <${address('bob')}>`,
      to: [
        'office@harbourclinic.example',
        'sales@labsupply.example',
        'j.moe@westlab.example',
        `former.customer@${REFUSING_DOMAIN}`,
      ],
      subject: 'Your parcel is waiting, confirm your address',
      text: 'Confirm here: http://parcel.example/confirm\n',
    },
    {
      from: `Bob Solberg <${address('bob')}>`,
      to: [
        'ingrid.vang@fjordpharma.example',
        'reception@harbourclinic.example',
        `old.supplier@${REFUSING_DOMAIN}`,
      ],
      subject: 'Outstanding payment, new bank account',
      text: 'Please use our new account from today: IBAN LT60 1010 0123 4567 8901\n',
    },
  ],
  complaint: {
    from: 'Abuse desk <abuse@harbourclinic.example>',
    to: [address('postmaster'), address('bob')],
    subject: 'Complaint: spam from bob@nordlys-biotech.example',
    text: 'We received unsolicited mail from your user. Please look into it.\n',
  },
} as const satisfies Record<string, Letter | readonly Letter[]>;

/** What the stranger is interested in. */
export const BAIT = {
  read: [INTERIM, INVOICE, VPN_ACCESS],
  moved: SECURITY_NOTICE,
  deleted: [INVOICE, VPN_ACCESS],
} as const;
