// A delivery as people describe it, in the configuration file, by REST and on the command line alike: which
// logs go where, and what of them. Checked here, all problems at once, each with the path of its member.
import { z } from 'zod';
import { isLogType, LOG_TYPE_SPECS, type LogType } from '../event/log-type.ts';
import { nearest } from '../config/suggest.ts';
import { deliveryProblems, formatProblem } from './check-delivery.ts';
import type { DeliveryDocument, DestinationSettings, OutputFormat } from './delivery.ts';
import {
  OBJECT_LOCK,
  PLACE_NAMES,
  type PlaceName,
  PLACES,
  TYPE_OF_PLACE,
} from './described-place.ts';
import { choice, flag, formed, scalar, seconds, size, whole, word } from './described-scalar.ts';
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
  /** It is the key itself that is wrong. */
  readonly isKey?: true;
}

export type CheckedDescription =
  | { readonly ok: true; readonly description: DeliveryDescription }
  | { readonly ok: false; readonly problems: readonly DescriptionProblem[] };

const FORMATS = [...new Set(Object.values(OUTPUT_FORMATS).flat())];

/** A log by its name in log groups, or by AWS's name of its type. */
const LOG_NAMES: ReadonlyMap<string, LogType> = new Map(
  LOG_TYPE_SPECS.map(({ groupSuffix, logType }) => [groupSuffix, logType]),
);
const log = scalar(`one of ${[...LOG_NAMES.keys()].join(', ')}`, (text) =>
  isLogType(text) ? text : LOG_NAMES.get(text),
);

const TREATMENT = z.strictObject(
  { field: word('a field'), how: choice(['remove', 'hash', 'mask'] as const) },
  { error: 'expected { field, how }' },
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
  redact: z.array(TREATMENT, { error: 'expected a list of { field, how }' }).optional(),
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
    return { ok: false, problems: read.error.issues.flatMap(problemsOf) };
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

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue): readonly DescriptionProblem[] {
  const path = issue.path.filter((each) => typeof each !== 'symbol');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => {
    const near = nearest(key, keysAt(path));
    const advice = near === undefined ? 'leave it out' : `did you mean "${near}"?`;
    return { path: [...path, key], message: `unknown key; ${advice}`, isKey: true };
  });
}

/** The keys that an object at the path may have. */
function keysAt([member, within, further]: DescriptionProblem['path']): readonly string[] {
  if (member === undefined) return DESCRIPTION_KEYS;
  if (member !== 'to') return Object.keys(TREATMENT.shape);
  const place = PLACE_NAMES.find((each) => each === within);
  if (place === undefined) return PLACE_NAMES;
  return further === undefined ? Object.keys(PLACES[place].shape) : Object.keys(OBJECT_LOCK.shape);
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
