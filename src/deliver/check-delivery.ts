// What of a delivery's description cannot be: asked by everything that makes or changes one. Pure.
import { logTypeSpec, type LogType } from '../event/log-type.ts';
import { compileEventFilter } from '../insights/index.ts';
import type { DeliveryDestinationDocument, DeliveryDocument } from './delivery.ts';
import { usableDelimiter } from './format/record-text.ts';
import { isDelimited, OUTPUT_FORMATS } from './output-formats.ts';
import { objectFolder } from './s3/object-key.ts';

/** Which member it is of, and what is wrong with it and what to write instead. */
export interface DeliveryProblem {
  readonly member: string;
  readonly message: string;
}

/** The cadence of objects in seconds. @see Firehose's buffer hints, which AWS's users know */
export const INTERVAL_SECONDS_MIN = 1;
export const INTERVAL_SECONDS_MAX = 900;
export const OBJECT_BYTES_MIN = 1024;
export const OBJECT_BYTES_MAX = 128 * 1024 * 1024;
/** Less than a few blocks of the journal could never be kept. */
export const BACKLOG_BYTES_MIN = 64 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

type Settable = Omit<DeliveryDocument, 'sourceName' | 'destinationName' | 'tags' | 'createdAtMs'>;

/** What is wrong with a destination's format; undefined when nothing is. */
export function formatProblem({
  settings: { type },
  outputFormat,
}: Pick<DeliveryDestinationDocument, 'settings' | 'outputFormat'>): DeliveryProblem | undefined {
  const known = OUTPUT_FORMATS[type];
  if (known.includes(outputFormat)) return undefined;
  const message = `expected ${known.join(', ')} for this destination, found ${outputFormat}`;
  return { member: 'outputFormat', message };
}

/** All that is wrong with a delivery of the log to the destination, in the order of its members. */
export function deliveryProblems(
  logType: LogType,
  { settings, outputFormat }: Pick<DeliveryDestinationDocument, 'settings' | 'outputFormat'>,
  delivery: Partial<Settable>,
): readonly DeliveryProblem[] {
  return [
    ...fieldProblems(logType, delivery),
    delimiterProblem(outputFormat, delivery.fieldDelimiter),
    pathProblem(settings.type, logType, delivery.s3DeliveryConfiguration),
    filterProblem(delivery.filter),
    ...numberProblems(delivery),
    intervalProblem(settings.type, delivery),
  ].filter((each) => each !== undefined);
}

function fieldProblems(
  logType: LogType,
  { recordFields = [], fieldTreatments = [] }: Partial<Settable>,
): readonly DeliveryProblem[] {
  const known = logTypeSpec(logType).fields.map(({ path }) => path);
  const problems: DeliveryProblem[] = [];
  const unknown = recordFields.filter((field) => !known.includes(field));
  if (unknown.length > 0) {
    const message = `${logType} has no field ${unknown.join(', ')}`;
    problems.push({ member: 'recordFields', message });
  }
  const twice = recordFields.filter((field, at) => recordFields.indexOf(field) < at);
  if (twice.length > 0) {
    problems.push({ member: 'recordFields', message: `${twice.join(', ')} is there twice` });
  }
  // Other fields than declared ones may be in an event, and may be what is not to leave.
  const empty = fieldTreatments.some(({ field }) => field === '');
  if (empty) problems.push({ member: 'fieldTreatments', message: 'a field without a name' });
  return problems;
}

function delimiterProblem(
  outputFormat: DeliveryDestinationDocument['outputFormat'],
  fieldDelimiter: string | undefined,
): DeliveryProblem | undefined {
  if ((fieldDelimiter ?? '') === '') return undefined;
  const member = 'fieldDelimiter';
  if (!isDelimited(outputFormat)) {
    return {
      member,
      message: `only plain, w3c and raw have delimiters, and this is ${outputFormat}`,
    };
  }
  try {
    usableDelimiter(fieldDelimiter);
    return undefined;
  } catch (error) {
    return { member, message: (error as Error).message.replace(/^fieldDelimiter: /, '') };
  }
}

function pathProblem(
  type: DeliveryDestinationDocument['settings']['type'],
  logType: LogType,
  configuration: DeliveryDocument['s3DeliveryConfiguration'],
): DeliveryProblem | undefined {
  if (configuration === undefined) return undefined;
  const member = 's3DeliveryConfiguration';
  if (type !== 'S3') {
    // AWS's own words.
    const message = 'Provided delivery configuration is invalid for the destination type.';
    return { member, message };
  }
  const { suffixPath = '', enableHiveCompatiblePath = false } = configuration;
  if (enableHiveCompatiblePath && suffixPath.includes('=')) {
    return { member, message: 'Provided suffixPath is invalid: Hive writes `name=` itself' };
  }
  try {
    const path = { account: '000000000000', region: 'us-east-1', logType, extension: '' };
    objectFolder({ ...path, ...configuration }, DAY_MS);
    return undefined;
  } catch (error) {
    return { member, message: (error as Error).message };
  }
}

function filterProblem(filter: string | undefined): DeliveryProblem | undefined {
  if (filter === undefined) return undefined;
  const compiled = compileEventFilter(filter);
  return compiled.ok ? undefined : { member: 'filter', message: compiled.error.message };
}

function numberProblems(delivery: Partial<Settable>): readonly (DeliveryProblem | undefined)[] {
  return [
    numberProblem(delivery, 'sampleOneIn', 1, Number.MAX_SAFE_INTEGER),
    numberProblem(delivery, 'intervalSeconds', INTERVAL_SECONDS_MIN, INTERVAL_SECONDS_MAX),
    numberProblem(delivery, 'objectBytesMax', OBJECT_BYTES_MIN, OBJECT_BYTES_MAX),
    numberProblem(delivery, 'backlogBytesMax', BACKLOG_BYTES_MIN, Number.MAX_SAFE_INTEGER),
  ];
}

function numberProblem(
  delivery: Partial<Settable>,
  member: 'sampleOneIn' | 'intervalSeconds' | 'objectBytesMax' | 'backlogBytesMax',
  min: number,
  max: number,
): DeliveryProblem | undefined {
  const value = delivery[member];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return undefined;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return { member, message: `expected a whole number of ${range}, found ${value}` };
}

/** Streams have no cadence that could be set. */
function intervalProblem(
  type: DeliveryDestinationDocument['settings']['type'],
  { intervalSeconds, objectBytesMax }: Partial<Settable>,
): DeliveryProblem | undefined {
  if (type === 'S3') return undefined;
  const message = 'only objects of S3 have a cadence and a size';
  if (intervalSeconds !== undefined) return { member: 'intervalSeconds', message };
  return objectBytesMax === undefined ? undefined : { member: 'objectBytesMax', message };
}
