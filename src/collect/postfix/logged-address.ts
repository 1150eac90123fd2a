// How Postfix writes an address of the envelope into its log: in external form, so that a local part
// with anything unusual in it stands in quotes, and the `>` behind it is the end of the address.

/**
 * The inside of `<…>`, without a group of its own.
 *
 * @see Postfix postconf(5), info_log_address_format; RFC 5321 section 4.1.2, Quoted-string
 */
export const LOGGED_ADDRESS = String.raw`(?:"(?:[^"\\]|\\[^])*"|[^">])*`;
