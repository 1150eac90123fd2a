// Where a described delivery goes (description.ts): what each kind of place may say.
import { z } from 'zod';
import type { DestinationSettings } from './delivery.ts';
import { choice, formed, whole, word } from './described-scalar.ts';

const reach = {
  region: formed(/^[a-z0-9-]{1,32}$/, 'a region such as eu-west-1').optional(),
  endpoint: formed(/^https?:\/\/.+$/, 'a URL').optional(),
  profile: word('the name of a profile').optional(),
};

/** How long objects of S3 cannot be deleted. */
export const OBJECT_LOCK = z.strictObject({
  mode: choice(['GOVERNANCE', 'COMPLIANCE'] as const),
  days: whole('a number of days'),
});

/** The members of `to`, of which there is exactly one. */
export const PLACES = {
  s3: z.strictObject({
    bucket: formed(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    prefix: word('the beginning of keys').optional(),
    ...reach,
    kmsKeyId: word('the ARN or id of a key').optional(),
    objectLock: OBJECT_LOCK.optional(),
  }),
  firehose: z.strictObject({
    streamName: formed(/^[a-zA-Z0-9_.-]{1,64}$/, 'the name of a stream'),
    ...reach,
  }),
  cloudWatchLogs: z.strictObject({
    logGroupName: formed(/^[.\-_/#A-Za-z0-9]{1,512}$/, 'the name of a log group'),
    ...reach,
  }),
  logGroup: z.strictObject({
    logGroupName: formed(/^[.\-_/#A-Za-z0-9]{1,512}$/, 'the name of a log group'),
  }),
} as const;

export type PlaceName = keyof typeof PLACES;

/** What each place is to the state. */
export const TYPE_OF_PLACE = {
  s3: 'S3',
  firehose: 'FH',
  cloudWatchLogs: 'CWL',
  logGroup: 'LOCAL',
} as const satisfies Readonly<Record<PlaceName, DestinationSettings['type']>>;

/** What the places are called, in the order of the guide. */
export const PLACE_NAMES = Object.keys(PLACES) as readonly PlaceName[];
