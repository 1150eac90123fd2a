// Every bound of the OTLP feed, with its unit and the reason for its value.

/** Log records in one request: what one POST /v1/events may bring. A request with more is refused. */
export const OTLP_RECORDS_MAX = 50_000;
/** Bytes of one record as it was sent: what an event may have. A longer record is refused. */
export const OTLP_RECORD_BYTES_MAX = 1024 * 1024;
/**
 * Values in one record or resource, at all depths: fifty times the fields of an event. An empty value
 * has two bytes as protobuf and some fifty in memory. A record with more is refused.
 */
export const OTLP_VALUES_MAX = 10_000;
/** How deep values may stand in each other: as deep as an event's. A record that goes deeper is refused. */
export const OTLP_DEPTH_MAX = 32;
/** Bytes of a request in JSON: it is read in one go, in some 30 ms. A longer one is refused. */
export const OTLP_JSON_BYTES_MAX = 4 * 1024 * 1024;
/** Most refusals that an answer names; it has room for one text, and the others are counted. */
export const OTLP_REFUSALS_TOLD_MAX = 10;
/** Records that are looked at before other requests have their turn: at 5 ms for the slowest. */
export const OTLP_RECORDS_AT_A_TIME = 16;
