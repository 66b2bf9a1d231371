import type { MessageBody, Person, Role } from '../client';
import type { Texts } from './en';
import type { Formats } from './formats';
import { isolate } from './words';

/** The names of people within a sentence: “you” for the own one. */
export function namesOf(people: readonly Person[], t: Texts, formats: Formats, first: boolean): string {
  return formats.list(people.map(person => (person.me ? (first && people[0] === person ? t.system.you : t.system.youObject) : isolate(person.name))));
}

/** A line about the conversation in words. */
export function systemLine(body: Extract<MessageBody, { type: 'system' }>, t: Texts, formats: Formats): string {
  const words = t.system;
  const by = body.by ? namesOf([body.by], t, formats, true) : words.somebody;
  const subject = body.accounts.length > 0 ? namesOf(body.accounts, t, formats, true) : by;
  const object = namesOf(body.accounts, t, formats, false);
  switch (body.kind) {
    case 'created':
      return body.by?.me ? words.createdByMe : words.created(by);
    case 'joined':
      return !body.by || body.accounts.every(person => person.account === body.by?.account) ? words.joined(subject) : words.added(by, object);
    case 'left':
      return words.left(subject);
    case 'removed':
      return words.removed(by, object);
    case 'renamed':
      return words.renamed(by, body.text ?? '');
    case 'role_changed':
      return words.roleChanged(by, object, isRole(body.text) ? t.rolesIn[body.text] : (body.text ?? ''));
    case 'device_added':
      return words.deviceAdded(subject);
    case 'device_removed':
      return words.deviceRemoved(subject);
    case 'key_changed':
      return words.keyChanged(object);
    case 'accepted':
      return words.accepted(subject);
    case 'messages_missing':
      return words.missing(body.text !== null && /^\d+$/.test(body.text) ? Number(body.text) : null);
    case 'timer_changed':
      return Number(body.text ?? 0) > 0 ? words.timerSet(by, formats.duration(Number(body.text))) : words.timerOff(by);
    case 'apart':
      return body.by ? words.apartAt(subject, by) : words.apart(subject);
    case 'started_afresh':
      return body.accounts.length > 0 ? words.startedAfreshWithout(by, object) : words.startedAfresh(by);
    case 'history_shared':
      return shared(by, object, body.text, t, formats);
  }
}

function shared(by: string, whom: string, what: string | null, t: Texts, formats: Formats): string {
  const [kind, number] = (what ?? '').split(' ');
  const value = Number(number);
  if (!Number.isFinite(value)) return t.system.shared(by, whom);
  if (kind === 'last') return t.system.sharedLast(by, whom, value);
  return kind === 'since' ? t.system.sharedSince(by, whom, formats.day(value * 1000, Date.now())) : t.system.shared(by, whom);
}

function isRole(text: string | null): text is Role {
  return text === 'member' || text === 'admin' || text === 'owner';
}
