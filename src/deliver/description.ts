// A delivery as people describe it, in the configuration file, by REST and on the command line alike: which
// logs go where, and what of them. Checked here, all problems at once, each with the path of its member.
import { z } from 'zod';
import { isLogType, LOG_TYPE_SPECS, type LogType } from '../event/log-type.ts';
import { parseDuration, parseSize, SIZE_FORM } from '../config/quantity.ts';
import { deliveryProblems, formatProblem } from './check-delivery.ts';
import type { DeliveryDocument, DestinationSettings, OutputFormat } from './delivery.ts';
import { OUTPUT_FORMATS } from './output-formats.ts';

/** What somebody asked for: one destination, and a delivery of each of the logs to it. */
export interface DeliveryDescription {
  /** The destination's name, and what people call its deliveries by. */
  readonly name: string;
  readonly logTypes: readonly LogType[];
  readonly settings: DestinationSettings;
  readonly outputFormat: OutputFormat;
  readonly delivery: DescribedMembers;
  /** As they are, or not paused when they are made, where nothing is said. */
  readonly paused?: boolean;
}

/** The members of a delivery that a description decides. */
export type DescribedMembers = Omit<
  DeliveryDocument,
  | 'sourceName'
  | 'destinationName'
  | 'tags'
  | 'createdAtMs'
  | 'implicit'
  | 'declared'
  | 'paused'
  | 'beginPosition'
>;

export interface DescriptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type CheckedDescription =
  | { readonly ok: true; readonly description: DeliveryDescription }
  | { readonly ok: false; readonly problems: readonly DescriptionProblem[] };

const SECOND_MS = 1000;
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** A scalar, which a file has as text and JSON as what it is. */
function scalar<T>(expects: string, parse: (text: string) => T | undefined) {
  return z.unknown().transform((input, context): T => {
    const isScalar = ['string', 'number', 'boolean'].includes(typeof input);
    const value = isScalar ? parse(String(input)) : undefined;
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expects}, found ${shown(input)}` });
    return z.NEVER;
  });
}

const formed = (form: RegExp, expects: string) =>
  scalar(expects, (text) => (form.test(text) ? text : undefined));
const whole = (expects: string) =>
  scalar(expects, (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined));
const word = (expects: string) => formed(/^.+$/s, expects);
const size = scalar(SIZE_FORM, parseSize);
const flag = scalar('true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : undefined,
);
const seconds = scalar('a duration such as 30s or 5m', (text) => {
  const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  return ms === undefined ? undefined : ms / SECOND_MS;
});
const choice = <T extends string>(choices: readonly T[]) =>
  scalar(`one of ${choices.join(', ')}`, (text) => choices.find((each) => each === text));

const reach = {
  region: formed(/^[a-z0-9-]{1,32}$/, 'a region such as eu-west-1').optional(),
  endpoint: formed(/^https?:\/\/.+$/, 'a URL').optional(),
  profile: word('the name of a profile').optional(),
};

/** The members of `to`, of which there is exactly one. */
const PLACES = {
  s3: z.strictObject({
    bucket: formed(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    prefix: word('the beginning of keys').optional(),
    ...reach,
    kmsKeyId: word('the ARN or id of a key').optional(),
    objectLock: z
      .strictObject({
        mode: choice(['GOVERNANCE', 'COMPLIANCE'] as const),
        days: whole('a number of days'),
      })
      .optional(),
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

const PLACE_NAMES = Object.keys(PLACES) as readonly PlaceName[];
const FORMATS = [...new Set(Object.values(OUTPUT_FORMATS).flat())];

/** A log by its name in log groups, or by AWS's name of its type. */
const LOG_NAMES: ReadonlyMap<string, LogType> = new Map(
  LOG_TYPE_SPECS.map(({ groupSuffix, logType }) => [groupSuffix, logType]),
);
const log = scalar(`one of ${[...LOG_NAMES.keys()].join(', ')}`, (text) =>
  isLogType(text) ? text : LOG_NAMES.get(text),
);

const DESCRIPTION = z.strictObject({
  name: formed(/^[\w-]{1,60}$/, '1 to 60 letters, digits, - and _'),
  logs: z.array(log, { error: 'expected a list of logs' }).min(1, 'name at least one log'),
  to: z
    .strictObject(
      Object.fromEntries(PLACE_NAMES.map((each) => [each, PLACES[each].optional()])) as {
        [K in PlaceName]: z.ZodOptional<(typeof PLACES)[K]>;
      },
      { error: 'expected where the logs go' },
    )
    .refine((to) => Object.keys(to).length === 1, {
      error: `expected exactly one of ${PLACE_NAMES.join(', ')}`,
    }),
  format: choice(FORMATS).default('json'),
  fields: z.array(word('a field'), { error: 'expected a list of fields' }).optional(),
  fieldDelimiter: word('1 to 5 characters').optional(),
  suffixPath: word('a path such as {yyyy}/{MM}/{dd}').optional(),
  hivePaths: flag.optional(),
  filter: word('an expression such as auth_successful = 0').optional(),
  redact: z
    .array(
      z.strictObject({
        field: word('a field'),
        how: choice(['remove', 'hash', 'mask'] as const),
      }),
      { error: 'expected a list of { field, how }' },
    )
    .optional(),
  sampleOneIn: whole('a whole number').optional(),
  interval: seconds.optional(),
  objectSize: size.optional(),
  backlog: size.optional(),
  whenBacklogFull: choice(['stop-accepting', 'drop-oldest'] as const).optional(),
  paused: flag.optional(),
});

/** What a description may have, for messages and the reference. */
export const DESCRIPTION_KEYS: readonly string[] = Object.keys(DESCRIPTION.shape);

/** Which members of a description those of the documents are. */
const WRITTEN_AS: Readonly<Record<string, string>> = {
  outputFormat: 'format',
  recordFields: 'fields',
  fieldTreatments: 'redact',
  s3DeliveryConfiguration: 'suffixPath',
  intervalSeconds: 'interval',
  objectBytesMax: 'objectSize',
  backlogBytesMax: 'backlog',
};

/** Checks a description; `input` is an object of JSON's values, or one of texts from a file. */
export function checkDescription(input: unknown): CheckedDescription {
  const read = DESCRIPTION.safeParse(input);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => {
      return { path: path.filter((each) => typeof each !== 'symbol'), message };
    });
    return { ok: false, problems };
  }
  const description = descriptionOf(read.data);
  const { settings, outputFormat, delivery, logTypes } = description;
  const wrongFormat = formatProblem({ settings, outputFormat });
  const problems = [
    ...(wrongFormat === undefined ? [] : [wrongFormat]),
    ...logTypes.flatMap((type) => deliveryProblems(type, { settings, outputFormat }, delivery)),
  ];
  if (problems.length === 0) return { ok: true, description };
  const told = new Map(problems.map((each) => [`${each.member} ${each.message}`, each]));
  return {
    ok: false,
    problems: [...told.values()].map(({ member, message }) => {
      return { path: [WRITTEN_AS[member] ?? member], message };
    }),
  };
}

function settingsOf(to: z.output<typeof DESCRIPTION>['to']): DestinationSettings {
  const [place] = PLACE_NAMES.filter((each) => to[each] !== undefined);
  if (place === undefined) throw new Error('a place was checked to be there');
  return {
    type: TYPE_OF_PLACE[place],
    ...to[place],
  } as DestinationSettings;
}

function descriptionOf(read: z.output<typeof DESCRIPTION>): DeliveryDescription {
  const { name, logs, to, format, fields, suffixPath, hivePaths, redact, paused } = read;
  const { fieldDelimiter, filter, sampleOneIn, interval, objectSize, backlog } = read;
  const s3 = {
    ...(suffixPath !== undefined && { suffixPath }),
    ...(hivePaths !== undefined && { enableHiveCompatiblePath: hivePaths }),
  };
  return {
    name,
    logTypes: [...new Set(logs)],
    settings: settingsOf(to),
    outputFormat: format,
    ...(paused !== undefined && { paused }),
    delivery: {
      ...(fields !== undefined && fields.length > 0 && { recordFields: fields }),
      ...(fieldDelimiter !== undefined && { fieldDelimiter }),
      ...(Object.keys(s3).length > 0 && { s3DeliveryConfiguration: s3 }),
      ...(filter !== undefined && { filter }),
      ...(redact !== undefined && redact.length > 0 && { fieldTreatments: redact }),
      ...(sampleOneIn !== undefined && { sampleOneIn }),
      ...(interval !== undefined && { intervalSeconds: interval }),
      ...(objectSize !== undefined && { objectBytesMax: objectSize }),
      ...(backlog !== undefined && { backlogBytesMax: backlog }),
      ...(read.whenBacklogFull !== undefined && { whenBacklogFull: read.whenBacklogFull }),
    },
  };
}
