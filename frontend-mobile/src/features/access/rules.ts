/** Characters a password has at least (docs/PROTOCOL.md §4). */
export const minimumPassword = 10;

/** A handle in the one spelling it has: lower case, without the @. */
export function normalHandle(typed: string): string {
  return typed.trim().replace(/^@/, '').toLowerCase();
}

/** Whether this cannot be a handle. */
export function handleIsWrong(handle: string): boolean {
  return !/^[a-z][a-z0-9_.]{2,31}$/.test(handle);
}

/** Whether this cannot be an address (docs/PROTOCOL.md §4): one plain one, without a name, a list or quotes. */
export function emailIsWrong(email: string): boolean {
  const [box, host, ...more] = email.normalize('NFC').split('@');
  return !box || !host || more.length > 0 || host.split('.').includes('') || /[\s\p{Cc}\p{Cf},;:<>()[\]\\"]/u.test(box + host);
}
