// Which deliveries are copies for the record. In Postfix's log a copy by `always_bcc` looks like any
// other recipient, so the configuration names the addresses that copies go to.
import type { Message } from './messages.ts';

/** The addresses that copies go to. */
export class JournalAddresses {
  readonly #addresses: ReadonlySet<string>;

  constructor(addresses: readonly string[]) {
    this.#addresses = new Set(addresses.map((address) => address.toLowerCase()));
  }

  /**
   * Whether the delivery is a copy. What goes to such an address alone is a message to it: Postfix
   * removes the copy of a message that goes there anyway.
   *
   * @see Postfix postconf(5), always_bcc, enable_original_recipient
   */
  isCopy(
    { recipientCount }: Pick<Message, 'recipientCount'>,
    delivery: { readonly to: string; readonly originalTo: string },
  ): boolean {
    if (this.#addresses.size === 0 || recipientCount === undefined) return false;
    const { to, originalTo } = delivery;
    return (
      recipientCount > 1 &&
      [to, originalTo].some((address) => this.#addresses.has(address.toLowerCase()))
    );
  }
}
