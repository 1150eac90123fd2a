// The objects of log delivery, as the state keeps them: a source (one log of the organization), a
// destination, and the delivery that joins one source to one destination.
//
// AWS's members have AWS's names and meaning; what Mailtrail adds says so.
import type { LogType } from '../event/log-type.ts';

/**
 * Where a destination is. The first three are AWS's; the others are Mailtrail's own.
 *
 * @see CloudWatch Logs API, DeliveryDestinationType
 */
export type DestinationType =
  | 'S3'
  | 'FH'
  | 'CWL'
  /** a log group of this Mailtrail */
  | 'LOCAL'
  | 'DIRECTORY'
  | 'WEBHOOK'
  | 'OTLP'
  | 'SYSLOG';

/** @see CloudWatch Logs API, OutputFormat; parquet is for S3 alone */
export type OutputFormat = 'json' | 'plain' | 'w3c' | 'raw' | 'parquet';

/** What the three objects have in common. */
interface Kept {
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  /** It was made with a delivery that was described as a whole, and goes with the last one that uses it. */
  readonly implicit?: true;
  /** It is declared in the configuration file, and only changed there. */
  readonly declared?: true;
}

/** A delivery source; its id is its name. */
export interface DeliverySourceDocument extends Kept {
  readonly logType: LogType;
  /** The organization's ARN. */
  readonly resourceArn: string;
}

/** How AWS's services are reached; what is absent comes from the environment, as AWS's SDK takes it. */
export interface AwsReach {
  readonly region?: string;
  /** A URL; with one, S3's buckets are in the path. */
  readonly endpoint?: string;
  /** A profile of the shared configuration files. */
  readonly profile?: string;
}

/** What a destination needs besides its ARN, by type. */
export type DestinationSettings =
  | (AwsReach & {
      readonly type: 'S3';
      readonly bucket: string;
      /** Replaces `AWSLogs/ACCOUNT/workmail/`, as the path of the bucket's ARN does. */
      readonly prefix?: string;
      /** ARN or id of the key of SSE-KMS. */
      readonly kmsKeyId?: string;
      /** Object Lock of every object, in days from when it is written. */
      readonly objectLock?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number };
    })
  | (AwsReach & { readonly type: 'FH'; readonly streamName: string })
  | (AwsReach & { readonly type: 'CWL'; readonly logGroupName: string })
  | { readonly type: 'LOCAL'; readonly logGroupName: string }
  | {
      readonly type: 'DIRECTORY';
      /** Absolute; made when it is not there. */
      readonly path: string;
      /** A file is closed and a new one begun at this size or age. */
      readonly fileBytesMax?: number;
      readonly fileAgeMs?: number;
      /** Oldest files beyond so many are deleted; none when absent. */
      readonly filesMax?: number;
    }
  | {
      readonly type: 'WEBHOOK';
      readonly url: string;
      /** The file with the secret that signs, mode 0600. */
      readonly secretFile?: string;
      /** A file of further headers, `Name: value` in each line, mode 0600. */
      readonly headersFile?: string;
    }
  | {
      readonly type: 'OTLP';
      /** The base URL, to which `/v1/logs` is added, or a URL that ends so. */
      readonly url: string;
      /** A file of further headers, `Name: value` in each line, mode 0600. */
      readonly headersFile?: string;
    }
  | {
      readonly type: 'SYSLOG';
      readonly host: string;
      readonly port: number;
      /** Verified against the system's authorities when absent. */
      readonly caFile?: string;
      readonly certFile?: string;
      readonly keyFile?: string;
      /** RFC 5424 facility, 13 (log audit) when absent. */
      readonly facility?: number;
    };

/** A delivery destination; its id is its name. */
export interface DeliveryDestinationDocument extends Kept {
  /** AWS's ARN of the bucket, stream or log group; one of Mailtrail's for its own types. */
  readonly destinationResourceArn: string;
  readonly outputFormat: OutputFormat;
  readonly settings: DestinationSettings;
  /** As PutDeliveryDestinationPolicy keeps it. */
  readonly policy?: string;
}

/** What happens to a field before it leaves; Mailtrail's own. */
export interface FieldTreatment {
  /** A field's path, e.g. `subject`, or `event.mail.commonHeaders.subject`. */
  readonly field: string;
  /**
   * `remove` leaves it out. `hash` writes the HMAC-SHA-256 with the organization's own key, so that the
   * same value is the same text everywhere and cannot be guessed by hashing guesses. `mask` writes `***`.
   */
  readonly how: 'remove' | 'hash' | 'mask';
}

/** A delivery; its id is what AWS calls its id. */
export interface DeliveryDocument extends Kept {
  readonly sourceName: string;
  readonly destinationName: string;
  /** The fields that leave, in this order; all when absent. */
  readonly recordFields?: readonly string[];
  /** Of plain, w3c and raw. */
  readonly fieldDelimiter?: string;
  readonly s3DeliveryConfiguration?: {
    readonly suffixPath?: string;
    readonly enableHiveCompatiblePath?: boolean;
  };
  /** The rest is Mailtrail's own. An expression of Insights' `filter`: only events of which it is true leave. */
  readonly filter?: string;
  readonly fieldTreatments?: readonly FieldTreatment[];
  /** One of so many events leaves, chosen by its position: the same ones at every attempt. */
  readonly sampleOneIn?: number;
  /** The cadence of objects, in s: 1 to 900. */
  readonly intervalSeconds?: number;
  /** An object is not to be made of more bytes of events than this. */
  readonly objectBytesMax?: number;
  /** How much of the journal is kept for it while its destination is down. */
  readonly backlogBytesMax?: number;
  /** What happens when that is full; `stop-accepting` when absent. */
  readonly whenBacklogFull?: 'stop-accepting' | 'drop-oldest';
  readonly paused?: true;
  /** Where it began: the journal's end when it was made. */
  readonly beginPosition: number;
}
