// A delivery's documents as their description is written (description.ts): what is shown of a delivery can be
// put into a file and given back.
import { placeOf } from './create-destination.ts';
import type { DeliveryDestinationDocument, DeliveryDocument } from './delivery.ts';
import { type PlaceName, TYPE_OF_PLACE } from './described-place.ts';

type Written = Readonly<Record<string, unknown>>;

/** The members of the description, and `place`, where it goes in words. */
export function writtenOf(
  { settings, outputFormat }: DeliveryDestinationDocument,
  delivery: DeliveryDocument,
): Written {
  const { type, ...members } = settings;
  const place = (Object.keys(TYPE_OF_PLACE) as PlaceName[]).find(
    (each) => TYPE_OF_PLACE[each] === type,
  );
  const { recordFields, fieldDelimiter, s3DeliveryConfiguration, filter, fieldTreatments } =
    delivery;
  const { suffixPath, enableHiveCompatiblePath } = s3DeliveryConfiguration ?? {};
  const { sampleOneIn, intervalSeconds, objectBytesMax, backlogBytesMax } = delivery;
  const all: Written = {
    place: placeOf(settings),
    to: { [place ?? type]: withSeconds(members) },
    format: outputFormat,
    fields: recordFields,
    fieldDelimiter,
    suffixPath,
    hivePaths: enableHiveCompatiblePath,
    filter,
    redact: fieldTreatments,
    sampleOneIn,
    interval: intervalSeconds === undefined ? undefined : `${intervalSeconds}s`,
    objectSize: objectBytesMax,
    backlog: backlogBytesMax,
    whenBacklogFull: delivery.whenBacklogFull,
    paused: delivery.paused,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function withSeconds(members: Written): Written {
  const { fileAgeMs, ...others } = members;
  return typeof fileAgeMs === 'number' ? { ...others, fileAgeSeconds: fileAgeMs / 1000 } : others;
}
