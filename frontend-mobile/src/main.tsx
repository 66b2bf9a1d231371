import { createRoot } from 'react-dom/client';
import './ui/base.css';
import { start } from './app/start';
import { startClient } from './client';
import { startServiceWorker } from './page/service-worker';

start(createRoot(document.getElementById('root')!), startClient());
if (document.readyState === 'complete') void startServiceWorker();
else window.addEventListener('load', () => void startServiceWorker());
