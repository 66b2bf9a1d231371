/**
 * A `setTimeout(f, 0)` without the clamp: .NET goes on after each awaited call by one, and a browser makes nested ones wait 4 ms, which is
 * longer than most of what is awaited takes. To be installed before .NET starts.
 */
export function installFastTimeout(scope: typeof globalThis = self): void {
  const set = scope.setTimeout.bind(scope) as (work: TimerHandler, delay?: number, ...args: unknown[]) => number;
  const clear = scope.clearTimeout.bind(scope);
  const due = new Map<number, () => void>();
  const channel = new MessageChannel();
  // Far above what the browser counts from 1.
  let last = 2 ** 40;
  channel.port1.onmessage = (event: MessageEvent<number>) => {
    const work = due.get(event.data);
    due.delete(event.data);
    work?.();
  };
  Object.assign(scope, {
    setTimeout(work: TimerHandler, delay?: number, ...args: unknown[]): number {
      if (delay || typeof work !== 'function') return set(work, delay, ...args);
      due.set(++last, () => { work(...args); });
      channel.port2.postMessage(last);
      return last;
    },
    clearTimeout(id?: number): void {
      if (id === undefined || !due.delete(id)) clear(id);
    },
  });
}
