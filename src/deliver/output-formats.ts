// Which formats a kind of destination takes. AWS does not publish WorkMail's; these are the ones of nearly
// all other vended logs.
// @see CloudWatch Logs user guide, "Enable logging from AWS services", the table of vended logs
import type { DestinationType, OutputFormat } from './delivery.ts';

/** The formats by destination, the default first. */
export const OUTPUT_FORMATS: Readonly<Record<DestinationType, readonly OutputFormat[]>> = {
  S3: ['json', 'plain', 'w3c', 'parquet'],
  CWL: ['json', 'plain'],
  LOCAL: ['json', 'plain'],
  FH: ['json', 'plain', 'raw'],
  DIRECTORY: ['json', 'plain', 'w3c'],
  WEBHOOK: ['json'],
  OTLP: ['json'],
  SYSLOG: ['json', 'plain'],
};

/** Whether records are lines of delimited fields in it. */
export function isDelimited(format: OutputFormat): boolean {
  return format === 'plain' || format === 'w3c' || format === 'raw';
}
