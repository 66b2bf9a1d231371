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

/** Whether this cannot be an address: what else is wrong with it the server knows. */
export function emailIsWrong(email: string): boolean {
  return !/^[^\s@]+@[^\s@]+$/.test(email);
}
