import { expect, test } from 'vitest';
import { linkSecret, routeOf, to } from './router';

const id = '0123456789abcdef0123456789abcdef';

test('Every page has an address that leads back to it', () => {
  expect(routeOf(to.list)).toEqual({ page: 'list' });
  expect(routeOf(to.conversation(id))).toEqual({ page: 'conversation', id, message: null });
  expect(routeOf(to.conversation(id, `${id}.${id}`))).toEqual({ page: 'conversation', id, message: `${id}.${id}` });
  expect(routeOf(to.info(id))).toEqual({ page: 'info', id });
  expect(routeOf(to.safety(id))).toEqual({ page: 'safety', account: id, from: null });
  expect(routeOf(to.safety(id, id))).toEqual({ page: 'safety', account: id, from: id });
  expect([to.new, to.newGroup, to.settings, to.devices, to.recovery, to.audit].map(routeOf).map(route => route.page)).toEqual([
    'new',
    'new-group',
    'settings',
    'devices',
    'recovery',
    'audit',
  ]);
});

test('An address that is not known leads to the list', () => {
  for (const hash of ['', '#', '#/c/../../x', '#/c/ZZ', '#/p/1/safety', '#/c/%', '#javascript:alert(1)']) expect(routeOf(hash)).toEqual({ page: 'list' });
  expect(routeOf(`#/c/${id}/m/%E0%A4%A`)).toEqual({ page: 'conversation', id, message: null });
});

test('A link to this server carries its secret behind the number sign, and one to another server carries nothing', () => {
  expect(linkSecret('#invite=abc-_1')).toEqual({ kind: 'invite', secret: 'abc-_1' });
  expect(linkSecret(` ${location.origin}/#setup=abc `)).toEqual({ kind: 'setup', secret: 'abc' });
  expect(linkSecret(`${location.origin}/#contact=abc`)).toEqual({ kind: 'contact', secret: 'abc' });
  for (const text of ['https://elsewhere.example/#invite=abc', '#invite=', '#invite=a b', '#other=abc', 'invite=abc']) expect(linkSecret(text)).toBeNull();
});
