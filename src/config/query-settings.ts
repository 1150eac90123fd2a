// What queries may look in besides events, as settings.
import { optionalSetting, section } from './setting.ts';

/** `queries` */
export const queries = section({
  lookupTables: optionalSetting<string>(
    {
      about:
        'The directory with the tables of `lookup` and `cidrlookup`: `NAME.csv` is the table NAME. A file is read when a query ' +
        'names it, so that a change needs no restart.',
      expects: 'the path of a directory',
      example: '/etc/mailtrail/lookup-tables',
      path: true,
    },
    (text) => (text === '' ? undefined : text),
  ),
});
