import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, Refused } from './app/App.js';
import { startTheme } from './app/theme.js';
import { Live } from './data/live.js';
import { readSettings } from './data/settings.js';

/** The folder that the page was served from, without a slash at its end. */
const base = new URL('.', document.baseURI).href.replace(/\/$/, '');

async function start(): Promise<void> {
  startTheme();
  const root = createRoot(document.getElementById('root') as HTMLElement);
  try {
    const response = await fetch(`${base}/page.json`, { cache: 'no-cache' });
    if (!response.ok) throw new Error(`page.json: HTTP ${response.status}`);
    const settings = readSettings(await response.json());
    root.render(
      <StrictMode>
        <App settings={settings} live={new Live(settings, base)} />
      </StrictMode>,
    );
  } catch (error) {
    root.render(<Refused error={error} />);
  }
}

void start();
