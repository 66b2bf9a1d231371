/** Completes a call that .NET waits for (`client/browser/Interop/Calls.cs`). */
export type Complete = (call: number, result: Uint8Array | null, error: string | null) => void;

/** What a call throws to say that its input was wrong: .NET gets `null`. */
export const wrong = Symbol('wrong');

/** Runs the work of a call and completes it: with bytes, with nothing where the input was wrong, or with the name of an error. */
export function runner(complete: Complete): (call: number, work: () => Promise<ArrayBuffer | Uint8Array | null>) => void {
  return (call, work) => {
    void (async () => {
      let result: ArrayBuffer | Uint8Array | null;
      try {
        result = await work();
      } catch (error) {
        complete(call, null, error === wrong ? null : error instanceof Error ? error.name : 'Error');
        return;
      }
      complete(call, result instanceof ArrayBuffer ? new Uint8Array(result) : result, null);
    })();
  };
}
