import { type Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch, Person, type Setting } from './person';
import { Server } from './server';

/** What a story plays on: a server of its own, and a browser in which everybody has a context of their own. */
export interface Stage {
  readonly server: Server;
  readonly browser: Browser;
  arrive(name: string, setting: Setting): Promise<Person>;
  /** Nobody's page complained, and nobody talked to anybody but the server; then all go home. */
  leave(people: readonly Person[], alsoFine?: RegExp): Promise<void>;
}

/** Sets the stage before the tests of a file, and clears it after them. */
export function setStage(...options: readonly string[]): Stage {
  let server: Server | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    [server, browser] = await Promise.all([Server.start(options), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  return {
    get server() {
      return server!;
    },
    get browser() {
      return browser!;
    },
    arrive: (name, setting) => Person.arrive(browser!, name, setting),
    async leave(people, alsoFine = /favicon/) {
      for (const person of people) {
        person.isContent(server!, alsoFine);
        await person.context.close();
      }
    },
  };
}
