// Into S3, AWS's or any that speaks its protocol: a batch becomes one object, whose key follows from the
// batch, so that one given again overwrites its object and nothing is there twice.
// @see Amazon S3 API reference, PutObject
import { createHash } from 'node:crypto';
import type * as Sdk from '@aws-sdk/client-s3';
import type { Clock } from '../../platform/clock.ts';
import { type AwsClientSettings, errorOf } from '../aws-client.ts';
import type { DestinationSettings } from '../delivery.ts';
import {
  type DeliveryBatch,
  type DeliveryPace,
  type Destination,
  DestinationError,
  type DestinationTest,
  type RecordOutcome,
} from '../destination.ts';
import {
  contentTypeOf,
  extensionOf,
  objectBody,
  type ObjectFormat,
} from '../format/object-body.ts';
import { objectFolder, objectKey, type ObjectPath } from './object-key.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long an object may take on its way, in ms: some MiB over a slow line. */
export const PUT_TIMEOUT_MS = 120_000;
/** An object appears within a minute: the first event waits so long for company, in ms. */
export const OBJECT_INTERVAL_DEFAULT_MS = 50_000;
/** Bytes of events of one object, before they are compressed to a tenth or so. */
export const OBJECT_BYTES_DEFAULT = 8 * 1024 * 1024;
/** Events of one object, which are all in memory while it is made. */
export const OBJECT_EVENTS_MAX = 50_000;

export interface S3DestinationOptions {
  readonly client: AwsClientSettings;
  /** Whether the server is not AWS's: its buckets are in the path, and it may not know all headers. */
  readonly isElsewhere: boolean;
  readonly settings: Extract<DestinationSettings, { readonly type: 'S3' }>;
  readonly path: Omit<ObjectPath, 'extension' | 'prefix'>;
  readonly format: ObjectFormat;
  /** What the probe's name has of the delivery. */
  readonly deliveryId: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly intervalMs?: number;
  readonly objectBytesMax?: number;
}

interface Opened {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
}

/** See the head of this file. */
export class S3Destination implements Destination {
  readonly pace: DeliveryPace;
  readonly #options: S3DestinationOptions;
  readonly #path: ObjectPath;
  #sdk: Promise<Opened> | undefined;

  constructor(options: S3DestinationOptions) {
    const {
      intervalMs = OBJECT_INTERVAL_DEFAULT_MS,
      objectBytesMax = OBJECT_BYTES_DEFAULT,
      format,
      path,
      settings: { prefix },
    } = options;
    this.#options = options;
    this.pace = { intervalMs, bytesMax: objectBytesMax, eventsMax: OBJECT_EVENTS_MAX };
    const extension = extensionOf(format.outputFormat);
    this.#path = { ...path, extension, ...(prefix !== undefined && { prefix }) };
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly RecordOutcome[]> {
    const { settings, format } = this.#options;
    const key = this.#keyOf(batch);
    const { bytes, rejected } = await objectBody(batch.records, format);
    if (rejected.size < batch.records.length) {
      await this.#put(key, bytes, batch.sealedAtMs, signal).catch((error: unknown) => {
        throw errorOf(error, `PutObject to s3://${settings.bucket}/${key}`);
      });
    }
    return batch.records.map((_, index): RecordOutcome => {
      const reason = rejected.get(index);
      return reason === undefined ? 'delivered' : { rejected: reason };
    });
  }

  #keyOf(batch: DeliveryBatch): string {
    try {
      return objectKey(this.#path, batch);
    } catch (error) {
      throw new DestinationError('misconfigured', (error as Error).message, { cause: error });
    }
  }

  /** @param lockedFromMs what an Object Lock's time begins with; without, there is none */
  async #put(
    key: string,
    body: Uint8Array,
    lockedFromMs: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { sdk, client } = await this.#open();
    const { settings, format, isElsewhere } = this.#options;
    const { kmsKeyId, objectLock, bucket } = settings;
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: body.length,
      ContentType: contentTypeOf(format.outputFormat),
      // What the server has is what was sent; with Object Lock S3 insists on it.
      ContentMD5: createHash('md5').update(body).digest('base64'),
      // As AWS's own log delivery sends it; other servers do not all know it.
      ...(!isElsewhere && { ACL: 'bucket-owner-full-control' as const }),
      ...(kmsKeyId !== undefined && {
        ServerSideEncryption: 'aws:kms' as const,
        SSEKMSKeyId: kmsKeyId,
      }),
      ...(objectLock !== undefined &&
        lockedFromMs !== undefined && {
          ObjectLockMode: objectLock.mode,
          ObjectLockRetainUntilDate: new Date(lockedFromMs + objectLock.days * DAY_MS),
        }),
    });
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PUT_TIMEOUT_MS)]);
    await client.send(command, { abortSignal });
  }

  #open(): Promise<Opened> {
    const { client, isElsewhere } = this.#options;
    this.#sdk ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        ...client,
        forcePathStyle: isElsewhere,
        // Content-MD5 says what a checksum would; not every server knows the newer ones.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
    }));
    return this.#sdk;
  }

  async test(signal: AbortSignal): Promise<DestinationTest> {
    const { bucket } = this.#options.settings;
    const nowMs = this.#options.clock.now();
    const key = `${objectFolder(this.#path, nowMs)}mailtrail-test-${this.#options.deliveryId}`;
    const place = `s3://${bucket}/${key}`;
    try {
      const probe = Buffer.from('A probe of Mailtrail; it may be deleted.\n');
      await this.#put(key, probe, undefined, signal);
    } catch (error) {
      return { ok: false, message: errorOf(error, `PutObject to ${place}`).message };
    }
    try {
      const { sdk, client } = await this.#open();
      const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PUT_TIMEOUT_MS)]);
      await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
      return { ok: true, message: `wrote and removed ${place}` };
    } catch (error) {
      // Delivering needs no permission to delete.
      const { message } = errorOf(error, 'DeleteObject');
      return { ok: true, message: `wrote ${place}; it could not be removed (${message})` };
    }
  }

  async close(): Promise<void> {
    const open = await this.#sdk;
    open?.client.destroy();
  }
}
