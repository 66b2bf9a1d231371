import type { Seconds } from '../client';

const choices: readonly Seconds[] = [300, 3600, 28_800, 86_400, 604_800, 2_419_200];

/** The lives of messages to choose from, and the one that is set. */
export function timerChoices(current: Seconds | null): readonly Seconds[] {
  return current === null || choices.includes(current) ? choices : [...choices, current].sort((a, b) => a - b);
}
