import type { Member, NewMention } from '../../client';

/** The most that a message may name. */
const most = 64;

const inWord = /[\p{L}\p{N}_]/u;

/** Letters as they are compared: without case and accents. */
export const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** What a member is called behind an @, the longest first. */
function calls(member: Member): readonly string[] {
  const { name, handle, displayName } = member.contact;
  return [...new Set([displayName ?? '', name.replace(/^@/, ''), handle])].filter(Boolean).sort((a, b) => b.length - a.length);
}

/** Who is named in a text: an @ at the beginning of a word, and behind it exactly what a member is called. */
export function mentionsIn(text: string, members: readonly Member[]): readonly NewMention[] {
  const found: NewMention[] = [];
  for (let at = text.indexOf('@'); at >= 0 && found.length < most; at = text.indexOf('@', at + 1)) {
    if (at > 0 && inWord.test(text[at - 1]!)) continue;
    let best: NewMention | null = null;
    for (const member of members) {
      for (const call of calls(member)) {
        const end = at + 1 + call.length;
        if (text.startsWith(call, at + 1) && !inWord.test(text[end] ?? ' ') && call.length + 1 > (best?.length ?? 0)) {
          best = { account: member.contact.account, start: at, length: call.length + 1 };
        }
      }
    }
    if (!best) continue;
    found.push(best);
    at = best.start + best.length - 1;
  }
  return found;
}

/** What is being typed behind an @ at the caret; `null` where no one is being named. */
export function naming(text: string, caret: number): { readonly start: number; readonly query: string } | null {
  const start = text.lastIndexOf('@', caret - 1);
  if (start < 0 || caret - start > 40 || (start > 0 && inWord.test(text[start - 1]!))) return null;
  const query = text.slice(start + 1, caret);
  return /\n|\s\s|^\s/.test(query) ? null : { start, query };
}

/** The members whose name or handle has a word that begins so. */
export function matching(members: readonly Member[], query: string): readonly Member[] {
  const wanted = folded(query);
  return members.filter(({ contact, me }) => {
    if (me) return false;
    const name = folded(contact.name.replace(/^@/, ''));
    return name.startsWith(wanted) || folded(contact.handle).startsWith(wanted) || name.split(/\s+/).some(word => word.startsWith(wanted));
  });
}
