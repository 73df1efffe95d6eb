// Alerts of the keeper with their delivery. They are a party's own: the wallet signs in for them.

import { useQuery } from '@tanstack/react-query';
import type { Address } from '@solana/kit';
import { usePage } from '../../app/context.js';
import { readAlerts } from '../../data/keeper/source.js';
import { useKeeperState } from '../../data/queries.js';
import type { AlertRow } from '../../data/types.js';
import { useSession } from '../../session/Session.js';
import { shortAddress } from '../../text/names.js';
import { Failed, Loading, Panel } from '../../ui/Panel.js';
import { TimeStamp } from '../../ui/Text.js';
import { useWallet } from '../../wallet/context.js';

const COLOURS: Record<string, string> = { critical: 'red', warning: 'amber', info: '' };

/** Lists the open alerts on one credit, or on all of the party's. */
export function Alerts({ credit }: { credit?: Address }) {
  const { live } = usePage();
  const { wallet } = useWallet();
  const keeper = useKeeperState();
  const session = useSession();
  const { token } = session;
  const base = live.keeperBase;
  const alerts = useQuery({
    queryKey: ['alerts', wallet?.address ?? '', credit ?? ''],
    queryFn: ({ signal }) => readAlerts(base ?? '', token ?? '', { open: true, ...(credit ? { credit } : {}) }, signal),
    enabled: token !== undefined && base !== undefined,
    refetchInterval: 30_000,
  });
  const body = () => {
    if (base === undefined)
      return (
        <p className="muted small">
          These files work without a keeper, and alerts come from one. Ask an operator for a webhook or mail.
        </p>
      );
    if (!wallet)
      return (
        <p className="muted small">Connect the wallet of a party to see its alerts and where they were delivered.</p>
      );
    if (token === undefined) {
      return (
        <div className="stack tight">
          <p className="small">
            Alerts are for the parties of a loan. Sign in by a signature of your wallet; it costs nothing and nothing is
            sent to the chain.
          </p>
          <button
            type="button"
            className="button compact"
            onClick={session.signIn}
            disabled={session.isWaiting || keeper.state === 'down'}
          >
            {session.isWaiting ? 'Waiting for the wallet…' : 'Sign in'}
          </button>
          {session.fault && (
            <p className="error-text" role="alert">
              {session.fault}
            </p>
          )}
        </div>
      );
    }
    if (alerts.isError && !alerts.data)
      return <Failed what="alerts" error={alerts.error} retry={() => void alerts.refetch()} />;
    if (!alerts.data) return <Loading what="alerts" />;
    if (alerts.data.length === 0) return <p className="muted">No alert is open.</p>;
    return (
      <ul className="list">
        {alerts.data.map((alert) => (
          <Alert key={alert.id} alert={alert} linked={credit === undefined} />
        ))}
      </ul>
    );
  };
  return <Panel title="Alerts">{body()}</Panel>;
}

function Alert({ alert, linked }: { alert: AlertRow; linked: boolean }) {
  return (
    <li className="stack tight">
      <div className="row apart">
        <span className={`badge ${COLOURS[alert.severity] ?? ''}`}>{alert.severity}</span>
        <TimeStamp at={alert.raisedAt} />
      </div>
      <p>
        <strong>{alert.happened}</strong>{' '}
        {linked && alert.isOnCredit && <a href={`#/loan/${alert.subject}`}>{shortAddress(alert.subject)}</a>}
      </p>
      <p className="small">{alert.meaning}</p>
      <p className="small">
        <strong>Next:</strong> {alert.nextStep}
      </p>
      <p className="small muted">
        {alert.deliveries.length === 0
          ? 'No delivery is set up for you.'
          : alert.deliveries.map(({ sink, state }) => `${sink}: ${state}`).join(', ')}
      </p>
    </li>
  );
}
