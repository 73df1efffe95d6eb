// The frame around all views: navigation, the state of the sources, the wallet.

import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, Suspense, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { Flights } from '../act/flights.js';
import { FlightsContext, useFlights } from '../act/useFlights.js';
import type { Live } from '../data/live.js';
import { applyNews, makeQueryClient, useKeeperState } from '../data/queries.js';
import type { PageSettings } from '../data/settings.js';
import { Icon } from '../ui/Icon.js';
import { Empty, Loading } from '../ui/Panel.js';
import { Relative } from '../ui/Text.js';
import { PortfolioView } from '../views/portfolio/PortfolioView.js';
import { SessionProvider } from '../session/Session.js';
import { WalletMenu, WalletProvider } from '../wallet/Wallets.js';
import { Boundary } from './Boundary.js';
import { Page, usePage } from './context.js';
import { type Route, useRoute } from './route.js';
import { useTheme } from './theme.js';
import { ActView, BorrowView, LoanView, OfferView, PoolView, SignedView, loadSoon } from './views.js';

/** The page. */
export function App({ settings, live }: { settings: PageSettings; live: Live }) {
  const client = useMemo(makeQueryClient, []);
  const flights = useMemo(
    () => new Flights(live.nodes, `${settings.cluster.genesis ?? settings.cluster.name}/${settings.market}`),
    [live, settings],
  );
  useEffect(() => {
    const stopNews = applyNews(client, live);
    const stop = live.start();
    flights.onProgress = () => void client.invalidateQueries({ refetchType: 'active' });
    const stopFlights = flights.start();
    return () => (stopNews(), stop(), stopFlights());
  }, [client, live, flights]);
  useEffect(loadSoon, []);
  const page = useMemo(() => ({ settings, live }), [settings, live]);
  return (
    <QueryClientProvider client={client}>
      <Page value={page}>
        <FlightsContext value={flights}>
          <WalletProvider>
            <SessionProvider>
              <Frame />
            </SessionProvider>
          </WalletProvider>
        </FlightsContext>
      </Page>
    </QueryClientProvider>
  );
}

/** What stands in the place of the page where its settings cannot be read. */
export function Refused({ error }: { error: unknown }) {
  return (
    <main className="page">
      <div className="note bad" role="alert">
        <strong>This page cannot start.</strong> {error instanceof Error ? error.message : String(error)}. A keeper
        serves its settings as <code>page.json</code>; exported files need one beside them.
      </div>
    </main>
  );
}

const PLACES = [
  ['', 'Portfolio'],
  ['offer', 'Offer'],
  ['borrow', 'Borrow'],
  ['pool', 'Pool'],
  ['signed', 'Signed'],
] as const;

function Frame() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = route.path[0] ?? '';
  const path = route.path.slice(0, 2).join('/');
  const isFirst = useRef(true);
  const open = useFlights().list.filter(({ outcome }) => outcome === 'open').length;
  // A new view is read from its beginning, also by a screen reader.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);
  return (
    <>
      <a className="button skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the view
      </a>
      <header className="top">
        <a className="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="6" fill="currentColor" />
            <path d="M8 9h16v4H8zM8 15h10v4H8zM8 21h5v3H8z" fill="var(--surface)" />
          </svg>
          Blockable
        </a>
        <nav className="nav" aria-label="Views">
          {PLACES.map(([name, label]) => (
            <a
              key={name}
              href={`#/${name}`}
              aria-current={
                place === name || (name === '' && (place === 'loan' || place === 'act')) ? 'page' : undefined
              }
            >
              {label}
              {name === 'signed' && open > 0 && <span className="count">{open}</span>}
            </a>
          ))}
        </nav>
        <div className="top-end">
          <SourceState />
          <ThemeButton />
          <WalletMenu />
        </div>
      </header>
      <Banners />
      <main id="main" className="page" ref={main} tabIndex={-1}>
        <Boundary key={route.path.join('/')}>
          <Suspense fallback={<Loading what="the view" />}>
            <View route={route} />
          </Suspense>
        </Boundary>
      </main>
    </>
  );
}

function View({ route }: { route: Route }): ReactNode {
  const [place = '', first] = route.path;
  if (place === '') return <PortfolioView query={route.query} />;
  if (place === 'loan' && first) return <LoanView key={first} address={first} />;
  if (place === 'act' && first) return <ActView key={first} address={first} act={route.path[2]} />;
  if (place === 'offer') return <OfferView />;
  if (place === 'borrow') return <BorrowView address={first} />;
  if (place === 'pool') return <PoolView lot={first} />;
  if (place === 'signed') return <SignedView />;
  return (
    <Empty title="There is no such view.">
      <a className="button" href="#/">
        Go to the portfolio
      </a>
    </Empty>
  );
}

function ThemeButton() {
  const [theme, toggle] = useTheme();
  return (
    <button
      type="button"
      className="copy"
      onClick={toggle}
      aria-label={theme === 'dark' ? 'Use light colours' : 'Use dark colours'}
    >
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  );
}

/** The cluster and where the data comes from, in two words. */
function SourceState() {
  const { settings, live } = usePage();
  const keeper = useKeeperState();
  const nodes = useSyncExternalStore(live.nodes.subscribe, live.nodes.state);
  const [colour, text] =
    nodes.state === 'down'
      ? (['red', 'no node'] as const)
      : keeper.state === 'down'
        ? (['amber', 'chain alone'] as const)
        : keeper.state === 'none'
          ? (['green', 'chain'] as const)
          : keeper.state === 'up'
            ? (['green', 'live'] as const)
            : (['', 'connecting'] as const);
  return (
    <span className="row small" role="status">
      <span className="muted">{settings.cluster.name}</span>
      <span className={`badge ${colour}`}>{text}</span>
    </span>
  );
}

/** Says at the top of every view what is not as it should be. */
function Banners() {
  const { live } = usePage();
  const keeper = useKeeperState();
  const nodes = useSyncExternalStore(live.nodes.subscribe, live.nodes.state);
  return (
    <div aria-live="polite">
      {keeper.state === 'down' && (
        <div className="banner">
          <strong>The keeper does not answer.</strong> The page reads the chain by itself: figures are right and acts
          work; use over time and alerts wait for the keeper. Down since <Relative at={keeper.since / 1_000} />.
        </div>
      )}
      {nodes.state === 'down' && (
        <div className="banner bad">
          <strong>No node answers.</strong> Figures are as of the last answer, and nothing can be signed or sent. The
          page goes on trying, since <Relative at={nodes.since / 1_000} />.
        </div>
      )}
    </div>
  );
}
