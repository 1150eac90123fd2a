// Every bound of the HTTP server, with its unit and the reason for its value.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Body of one POST /v1/events as it is sent: what fits one journal batch when it is not packed. */
export const EVENTS_BODY_BYTES_MAX = 16 * MIB;
/**
 * The same body unpacked, and what becomes of it. A request is one journal batch, which is kept
 * whole or not at all; several batches could be kept in part and be doubled by the next try.
 */
export const EVENTS_UNPACKED_BYTES_MAX = 16 * MIB;
/** Body of a POST /v1/events?mapping=…: one JSON value is read in one go, in some 30 ms. */
export const MAPPED_BODY_BYTES_MAX = 4 * MIB;
/** Events in one POST /v1/events: fifty times what clients batch, and what answers within a second. */
export const EVENTS_PER_REQUEST_MAX = 50_000;
/**
 * Event bodies in memory at one time, packed and unpacked; twice the journal's own queue, so that
 * the server fits a host of 2 GB.
 */
export const EVENTS_IN_FLIGHT_BYTES_MAX = 128 * MIB;
/**
 * Lines are checked in slices of about this size: at 5 µs for the slowest line a slice holds up
 * other requests for less than 3 ms.
 */
export const ADMIT_SLICE_BYTES = 128 * KIB;
/** Most refused lines that are told apart in one answer; further ones are counted only. */
export const REJECTIONS_TOLD_MAX = 1000;
/** Requests to POST /v1/events of one client address: a feed with more than this batches nothing. */
export const CLIENT_REQUESTS_PER_SECOND = 1000;
/** How many of them may come at once after a pause. */
export const CLIENT_REQUESTS_BURST = 2000;
/** Client addresses whose rate is known; at the limit the one unseen longest is forgotten. */
export const RATED_CLIENTS_MAX = 10_000;

/** Body of one auth-policy request: some 20 attributes of at most 1,000 characters. */
export const POLICY_BODY_BYTES_MAX = 64 * KIB;
/** Body of one POST /v1/decide: a dozen values, of which a few are longer than a line. */
export const DECIDE_BODY_BYTES_MAX = 64 * KIB;
/** Auth-policy requests waiting for their record: 10 s of what the journal takes on a slow disk. */
export const POLICY_REQUESTS_MAX = 1000;

/**
 * Body of an operation of the AWS API: a PutLogEvents of 1 MiB whose characters are escaped, with 10,000
 * time stamps.
 */
export const AWS_BODY_BYTES_MAX = 8 * MIB;
/** Such bodies in memory at one time: eight of the largest. */
export const AWS_IN_FLIGHT_BYTES_MAX = 64 * MIB;

/** Body of any other request: a query of 10,000 characters and its 50 log groups need 30 KiB. */
export const REST_BODY_BYTES_MAX = MIB;
/**
 * Read of a body before its signature can be checked, which is so when the client did not send
 * x-amz-content-sha256: AWS's Python clients do not. The access key id and the time were checked
 * then. It must hold the largest operation of the AWS API.
 */
export const UNVERIFIED_BODY_BYTES_MAX = 8 * MIB;
/**
 * Thrown away of a stranger's body that was refused unread, so that a client still sending sees the
 * answer instead of a reset connection.
 */
export const DISCARD_BYTES_MAX = 64 * KIB;
/** The same for a client with a key, which must see that it is to slow down: a whole body. */
export const KNOWN_CLIENT_DISCARD_BYTES_MAX = EVENTS_BODY_BYTES_MAX;
/** How long that may take. */
export const DISCARD_MS = 1000;

/** Characters of a query: CloudWatch Logs' StartQuery takes 10,000. */
export const QUERY_LENGTH_MAX = 10_000;
/** Log groups of a query: CloudWatch Logs' StartQuery takes 50. */
export const QUERY_LOG_GROUPS_MAX = 50;
/** Queries that run at one time: more would share the same processors and all be slower. */
export const QUERIES_MAX = 8;
/** How long a query may run: longer than any answer somebody waits for at a screen. */
export const QUERY_TIMEOUT_MS = 5 * 60 * 1000;
/** Exports at one time: each reads all that its query finds, at the pace of its client. */
export const EXPORTS_MAX = 2;
/** How long an export may take: a year of a large installation over a slow line. */
export const EXPORT_TIMEOUT_MS = 60 * 60 * 1000;
/** How far back a query looks when it does not say. */
export const QUERY_SPAN_DEFAULT_MS = 24 * 60 * 60 * 1000;

/** Live tails at one time: each asks the store when something is new. */
export const TAILS_MAX = 16;
/** How often a live tail looks whether the store has something new. */
export const TAIL_POLL_MS = 300;
/** How long a live tail may be silent; clients and proxies see from it that it lives. */
export const TAIL_HEARTBEAT_MS = 5000;
/** Rows of one look; beyond it rows are left out, which a line says. */
export const TAIL_ROWS_MAX = 1000;
/** How long one look may take. */
export const TAIL_QUERY_TIMEOUT_MS = 10_000;
/** Events older than this when they arrive are history being read in, and not shown live. */
export const TAIL_EVENT_AGE_MAX_MS = 24 * 60 * 60 * 1000;
/** Events may be dated so far ahead, as admission allows. */
export const TAIL_EVENT_AHEAD_MS = 2 * 60 * 60 * 1000;

/** Open connections; each costs some 20 KiB. Dovecot and feeds hold a handful. */
export const CONNECTIONS_MAX = 1024;
/** Header bytes of a request: a signed request has some 1,500. */
export const HEADER_BYTES_MAX = 16 * KIB;
/** How long a client may take over its headers: against connections that drip. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** How long over the whole request: 16 MiB at 1.1 Mbit/s. */
export const REQUEST_TIMEOUT_MS = 120_000;
/** How often those two are looked at. */
export const TIMEOUT_CHECK_MS = 1000;
/** How long an idle connection is kept: longer than the minute after which proxies let one go. */
export const KEEP_ALIVE_MS = 75_000;

/** A failed sign-in to the API is logged at most this often; in between they are counted. */
export const REFUSAL_LOG_INTERVAL_MS = 10_000;

/** The last use of an API key is noted at most this often: each is a change of the state. */
export const KEY_USE_NOTED_MS = 60 * 60 * 1000;
/**
 * Signatures of requests that changed something, kept for the ten minutes in which they hold: more than
 * the state takes in that time. At the limit the oldest is forgotten.
 */
export const SEEN_CHANGES_MAX = 100_000;
/** The same of requests that brought events: 160 a second; 10 MB. */
export const SEEN_INGESTS_MAX = 100_000;
/**
 * Requests with a signature seen before that wait for the next second with their bodies; further ones are
 * refused at once.
 */
export const HELD_REPEATS_MAX = 8;
/** Refusals that become management events, all callers together; the others are counted. */
export const REFUSALS_RECORDED_PER_SECOND = 1;
/** How many of them may come at once after a pause: somebody who tries all operations. */
export const REFUSALS_RECORDED_BURST = 100;

/** What `Retry-After` says when the next second may do. */
export const RETRY_SOON_SECONDS = 1;
/** What it says when somebody has to make room first. */
export const RETRY_LATER_SECONDS = 10;
