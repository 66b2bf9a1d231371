import { createRoot } from 'react-dom/client';
import './ui/base.css';
import { start } from './app/start';
import { startClient } from './client';

start(createRoot(document.getElementById('root')!), startClient());
