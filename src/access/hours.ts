// Hours of the week, as rules have them: `Mo-Fr 08:00-18:00 Europe/Berlin`. Wall-clock time of a zone, so
// that the hours are the same ones in summer.

/** Minutes of a day. */
const DAY = 24 * 60;
const DAYS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const;
/** How long an offset from UTC is good for, in ms: zones change theirs at quarters of an hour. */
const OFFSET_MS = 15 * 60_000;

/** Hours made ready for asking. */
export interface Hours {
  /** Whether it is one of them at the time, in ms since the Unix epoch. */
  has(atMs: number): boolean;
}

/** What hours look like, for messages about what is none. */
export const HOURS_EXPECTED =
  'hours such as "Mo-Fr 08:00-18:00 Europe/Berlin": days (Mo Tu We Th Fr Sa Su, all when left out), from-to, a time zone (UTC when left out)';

const SHAPE = /^(?:([A-Za-z,-]+) )?(\d{2}):(\d{2})-(\d{2}):(\d{2})(?: ([A-Za-z0-9_+/-]+))?$/;

function dayOf(text: string): number {
  return DAYS.findIndex((day) => day.toLowerCase() === text.toLowerCase());
}

/** Which days are said, Monday first; undefined when it is not about days. */
function daysOf(text: string | undefined): readonly boolean[] | undefined {
  if (text === undefined) return DAYS.map(() => true);
  const days = DAYS.map(() => false);
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('-');
    const [from, to] = [dayOf(first), dayOf(last)];
    if (from < 0 || to < 0 || more.length > 0) return undefined;
    // From Saturday to Monday goes over the end of the week.
    for (let day = from; ; day = (day + 1) % DAYS.length) {
      days[day] = true;
      if (day === to) break;
    }
  }
  return days;
}

function minuteOf(hour: string, minute: string): number | undefined {
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && minutes <= DAY ? minutes : undefined;
}

/** Gives the offset from UTC in ms, asked of the system once a quarter of an hour; undefined for no zone. */
function offsets(zone: string): ((atMs: number) => number) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    return undefined;
  }
  let knownSlot: number | undefined;
  let offsetMs = 0;
  return (atMs) => {
    const slot = Math.floor(atMs / OFFSET_MS);
    if (slot === knownSlot) return offsetMs;
    const part = new Map(
      format.formatToParts(slot * OFFSET_MS).map((p) => [p.type, Number(p.value)]),
    );
    const of = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
    const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
    knownSlot = slot;
    offsetMs = wall - slot * OFFSET_MS;
    return offsetMs;
  };
}

/**
 * Reads hours; undefined when the text is none. Hours that end before they begin go on after midnight
 * and belong to the day on which they began; `00:00-24:00` is the whole day.
 */
export function parseHours(text: string): Hours | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [, dayText, fromHour = '', fromMinute = '', toHour = '', toMinute = '', zone] = parts;
  const days = daysOf(dayText);
  const [from, to] = [minuteOf(fromHour, fromMinute), minuteOf(toHour, toMinute)];
  const offsetOf = zone === undefined ? (): number => 0 : offsets(zone);
  if (days === undefined || from === undefined || to === undefined || offsetOf === undefined) {
    return undefined;
  }
  if (from === to || from === DAY) return undefined;
  return {
    has: (atMs) => {
      const minutes = Math.floor((atMs + offsetOf(atMs)) / 60_000);
      const today = Math.floor(minutes / DAY);
      const minute = minutes - today * DAY;
      // The first of January 1970 was a Thursday.
      const day = (((today + 3) % 7) + 7) % 7;
      const began = days[day] === true;
      if (from < to) return began && minute >= from && minute < to;
      return (began && minute >= from) || (days[(day + 6) % 7] === true && minute < to);
    },
  };
}
