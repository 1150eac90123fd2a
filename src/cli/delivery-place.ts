// Where a delivery goes as it is written on a command line: `s3://bucket/prefix`, `log-group:/copies`, ….
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

type Place = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const FORMS: readonly (readonly [RegExp, (match: RegExpExecArray) => Place])[] = [
  [
    /^s3:\/\/([^/]+)(?:\/(.+))?$/,
    ([, bucket, prefix]) => ({ s3: { bucket, ...(prefix !== undefined && { prefix }) } }),
  ],
  [/^firehose:(.+)$/, ([, streamName]) => ({ firehose: { streamName } })],
  [/^cloudwatch-logs:(.+)$/, ([, logGroupName]) => ({ cloudWatchLogs: { logGroupName } })],
  [/^log-group:(.+)$/, ([, logGroupName]) => ({ logGroup: { logGroupName } })],
];

/** What a place looks like, for messages and help. */
export const PLACE_FORMS =
  's3://BUCKET/PREFIX, firehose:STREAM, cloudwatch-logs:GROUP, log-group:GROUP';

/** The `to` of a description. Throws a CliError when the text is no place. */
export function placeIn(text: string): Place {
  for (const [form, place] of FORMS) {
    const match = form.exec(text);
    if (match !== null) return place(match);
  }
  throw new CliError(EXIT.usage, `--to ${text}: expected one of ${PLACE_FORMS}`);
}
