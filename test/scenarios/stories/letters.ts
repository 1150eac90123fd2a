// The messages that the stories are about.
import type { Stage } from '../stage.ts';

export interface LetterOptions {
  /** The part of the Message-ID before the `@`. */
  readonly id: string;
  readonly subject: string;
  /** The local part of whoever it is to. */
  readonly to: string;
  readonly from?: string;
  readonly text?: string;
}

/** A plain message as another company's program writes it. */
export function plainLetter(stage: Stage, options: LetterOptions): string {
  const { id, subject, to, from = 'Carol <carol@partner.test>', text = 'Hello.' } = options;
  return `From: ${from}\nTo: ${stage.at(to)}\nSubject: ${subject}\nMessage-ID: <${id}@${stage.domain}>\nDate: Thu, 1 Jan 2026 10:00:00 +0000\n\n${text}\n`;
}

/** A message of a text and a PDF, in the usual form. */
export function letterWithAttachment(stage: Stage, options: LetterOptions): string {
  const {
    id,
    subject,
    to,
    from = 'Carol <carol@partner.test>',
    text = 'See the attachment.',
  } = options;
  return `From: ${from}
To: ${stage.at(to)}
Subject: ${subject}
Message-ID: <${id}@${stage.domain}>
Date: Thu, 1 Jan 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=parts

--parts
Content-Type: text/plain; charset=utf-8

${text}
--parts
Content-Type: application/pdf; name="salaries.pdf"
Content-Disposition: attachment; filename="salaries.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--parts--
`;
}
