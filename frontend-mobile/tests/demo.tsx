import { createRoot } from 'react-dom/client';
import '../src/ui/base.css';
import { start } from '../src/app/start';
import { Client } from '../src/client';
import { newsroom } from './pretend';

/* What the screenshots are taken of: the app over an account in memory. It is no entry of the build, and ships nowhere. */
const world = newsroom(Date.now());
const wanted = new URLSearchParams(location.search).get('session');
if (wanted === 'empty') world.session = { state: 'empty' };
if (wanted === 'locked') world.session = { state: 'locked', why: 'idle' };
if (wanted === 'waiting') world.session = { state: 'waiting', me: world.me };
if (wanted === 'new') {
  world.conversations = [];
  world.contacts = [];
  world.recovery = 'none';
}
(globalThis as { world?: unknown }).world = world;
start(createRoot(document.getElementById('root')!), new Client(world));
