import type { MessageBody, Person, Role } from '../client';
import type { Texts } from './en';
import type { Formats } from './formats';
import { isolate, type Said } from './words';

/** The names of people within a sentence: “you” for the own one. */
export function namesOf(people: readonly Person[], t: Texts, formats: Formats, first: boolean): string {
  return formats.list(people.map(person => (person.me ? (first && people[0] === person ? t.system.you : t.system.youObject) : isolate(person.name))));
}

/** A line about the conversation in words. */
export function systemLine(body: Extract<MessageBody, { type: 'system' }>, t: Texts, formats: Formats): string {
  const words = t.system;
  const { accounts, text } = body;
  const doer = { by: body.by ? namesOf([body.by], t, formats, true) : words.somebody, byMe: body.by?.me ?? false };
  const [only] = accounts;
  const toMe = accounts.length === 1 && only?.me === true;
  // What somebody did to others, and what they did themselves: there they begin the sentence.
  const to: Said = { ...doer, whom: namesOf(accounts, t, formats, false), toMe };
  const of: Said = accounts.length > 0 ? { ...doer, whom: namesOf(accounts, t, formats, true), toMe } : { ...doer, whom: doer.by, toMe: doer.byMe };
  switch (body.kind) {
    case 'created':
      return words.created(to);
    case 'joined':
      return !body.by || accounts.every(person => person.account === body.by?.account) ? words.joined(of) : words.added(to);
    case 'left':
      return words.left(of);
    case 'removed':
      return words.removed(to);
    case 'renamed':
      return words.renamed(to, text ?? '');
    case 'role_changed':
      return words.roleChanged(to, isRole(text) ? t.rolesIn[text] : (text ?? ''));
    case 'device_added':
      return words.deviceAdded(of);
    case 'device_removed':
      return words.deviceRemoved(of);
    case 'key_changed':
      return words.keyChanged(to);
    case 'accepted':
      return words.accepted(of);
    case 'messages_missing':
      return words.missing(text !== null && /^\d+$/.test(text) ? Number(text) : null);
    case 'timer_changed':
      return Number(text ?? 0) > 0 ? words.timerSet(to, formats.duration(Number(text))) : words.timerOff(to);
    case 'apart':
      return body.by ? words.apartAt(of) : words.apart(of);
    case 'started_afresh':
      return accounts.length > 0 ? words.startedAfreshWithout(to) : words.startedAfresh(to);
    case 'history_shared':
      return shared(to, text, t, formats);
  }
}

function shared(said: Said, what: string | null, t: Texts, formats: Formats): string {
  const [kind, number] = (what ?? '').split(' ');
  const value = Number(number);
  if (!Number.isFinite(value)) return t.system.shared(said);
  if (kind === 'last') return t.system.sharedLast(said, value);
  return kind === 'since' ? t.system.sharedSince(said, formats.day(value * 1000, Date.now())) : t.system.shared(said);
}

function isRole(text: string | null): text is Role {
  return text === 'member' || text === 'admin' || text === 'owner';
}
