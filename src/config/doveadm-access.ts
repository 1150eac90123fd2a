// Where Mailtrail may ask Dovecot's doveadm what attachments are called, as settings.
import { optionalSetting, section } from './setting.ts';

/** `dovecot.doveadm`: both or none. */
export const doveadmSetting = section({
  url: optionalSetting(
    {
      about:
        "Where Dovecot's doveadm listens by HTTP. With it an attachment that was read is told by its file name, which " +
        'Mailtrail looks up; without it by its part number. Needs `dovecot.doveadm.apiKey`.',
      expects: 'an http or https URL',
      example: 'http://127.0.0.1:8080',
    },
    (text) => (/^https?:\/\/[^\s/]+\/?$/.test(text) ? text : undefined),
  ),
  apiKey: optionalSetting(
    {
      about: "Dovecot's `doveadm_api_key`. Who has it can do everything that doveadm can.",
      expects: 'the key as Dovecot has it',
      secret: true,
      example: '${DOVEADM_API_KEY}',
    },
    (text) => (text === '' ? undefined : text),
  ),
});
