// Every bound of the mappings, with its unit and the reason for its value.

/** Mappings in one file: a mail server has some dozens of kinds of lines. */
export const MAPPINGS_MAX = 200;
/** Tests in one file. */
export const MAPPING_TESTS_MAX = 1000;
/** Characters of a pattern: as long as anybody can read. */
export const PATTERN_LENGTH_MAX = 2000;
/**
 * Characters of a line that patterns and key=value are looked for in. RE2 needs some 70 ns a
 * character and pattern, so that the longest line costs 5 ms a mapping. A longer line is refused.
 */
export const TEXT_LENGTH_MAX = 64 * 1024;
/** Bytes of a line of JSON: as for events over HTTP. A longer line is refused. */
export const JSON_BYTES_MAX = 1024 * 1024;
/** Fields of a key=value line: what an event may have. A line with more is refused. */
export const KEY_VALUES_MAX = 200;
/** Records in one record (`each`): what one POST /v1/events may bring. More are refused. */
export const EACH_MAX = 50_000;
/** Parts of a text that is split: more recipients than a message may have. Further ones stay in the last. */
export const PARTS_MAX = 1000;
/** How deep expressions may stand in each other: by hand nobody writes three. */
export const EXPRESSION_DEPTH_MAX = 16;
/** Events that one record may become by `continue`. Mappings after that do not see it. */
export const EVENTS_PER_RECORD_MAX = 16;
