import type { Db } from '../runtime/db.ts'
import { preparedSql, sql } from '../runtime/sql.ts'
import type { TokenRow } from '../vault/queries.ts'
import type { TokenState } from './decide-refresh.ts'
import type { ConnectionKey } from './services.ts'

/** The lease is the right to refresh one connection's tokens; it lapses by itself when its holder dies. */
export interface LeasedTokenState extends TokenState {
  /** The database's time. */
  readonly now: Date
  readonly lease: 'free' | 'held' | 'lapsed'
  /** To renew the tokens is to call the platform, too. */
  readonly hasConsent: boolean
  /** The tokens that all of this is said of. */
  readonly sealed: TokenRow
}

type StateRow = Omit<LeasedTokenState, 'sealed' | 'version'> & TokenRow

export async function findTokenState(
  db: Db,
  { userId, platform }: ConnectionKey,
): Promise<LeasedTokenState | undefined> {
  const { rows } = await db.query<StateRow>(preparedSql`
    select c.status, t.access_token_sealed, t.refresh_token_sealed, t.token_version, t.refresh_token_sealed is not null as "hasRefreshToken",
      t.updated_at as "storedAt", t.access_expires_at as "expiresAt", clock_timestamp() as now,
      coalesce(t.refresh_not_before > clock_timestamp(), false) as "coolingDown",
      case when t.lease_holder is null then 'free' when t.lease_expires_at > clock_timestamp() then 'held' else 'lapsed' end as lease,
      ops.has_consent(c.user_id, c.platform) as "hasConsent"
    from public.connections c
    join vault.tokens t on t.user_id = c.user_id and t.platform = c.platform
    where c.user_id = ${userId}::uuid and c.platform = ${platform} and c.status <> 'disconnected'`)
  if (rows[0] === undefined) return undefined
  const { access_token_sealed, refresh_token_sealed, token_version, ...state } = rows[0]
  return { ...state, version: token_version, sealed: { access_token_sealed, refresh_token_sealed, token_version } }
}

/** Takes a free or lapsed lease, for these very tokens. Of any number who ask at once, one is told true. */
export async function takeLease(
  db: Db,
  { userId, platform }: ConnectionKey,
  lease: { holder: string; version: string; leaseMs: number },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update vault.tokens
    set lease_holder = ${lease.holder}::uuid,
      lease_expires_at = clock_timestamp() + ${lease.leaseMs}::integer * interval '1 millisecond'
    where user_id = ${userId}::uuid and platform = ${platform} and token_version = ${lease.version}::bigint
      and (lease_holder is null or lease_expires_at <= clock_timestamp())`)
  return rowCount === 1
}

/** Does nothing when the lease is somebody else's by now. */
export async function extendLease(
  db: Db,
  { userId, platform }: ConnectionKey,
  lease: { holder: string; leaseMs: number },
): Promise<void> {
  await db.query(sql`
    update vault.tokens
    set lease_expires_at = clock_timestamp() + ${lease.leaseMs}::integer * interval '1 millisecond'
    where user_id = ${userId}::uuid and platform = ${platform} and lease_holder = ${lease.holder}::uuid`)
}

export async function releaseLease(db: Db, { userId, platform }: ConnectionKey, holder: string): Promise<void> {
  await db.query(sql`
    update vault.tokens set lease_holder = null, lease_expires_at = null
    where user_id = ${userId}::uuid and platform = ${platform} and lease_holder = ${holder}::uuid`)
}
