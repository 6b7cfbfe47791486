import type { Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { Retainable } from './settings.ts'

/** Deletes what is older than so many days; answers how many rows. Nothing that a legal hold keeps. */
export const EXPIRE: Readonly<Record<Retainable, (tx: Tx, days: number) => Promise<number>>> = {
  raw_fitness_data: (tx, days) => dropPartitions(tx, 'raw_fitness_data', days),
  samples: (tx, days) => dropPartitions(tx, 'samples', days),
  async sync_runs(tx, days) {
    const { rowCount } = await tx.query(sql`
      delete from public.sync_runs r where r.finished_at < now() - make_interval(days => ${days}::integer) and not ops.is_held(r.user_id)
        and not exists (select from ops.uploads u where u.user_id = r.user_id and u.sync_run_id = r.id and u.state = 'importing')`)
    return rowCount
  },
  async webhook_keys(tx, days) {
    const { rowCount } = await tx.query(sql`
      delete from ops.webhook_deliveries d where d.processed_at < now() - make_interval(days => ${days}::integer)
        and not exists (select from public.legal_holds h where h.released_at is null)`)
    return rowCount
  },
  async event_log(tx, days) {
    const { rows } = await tx.query<{ deleted: string }>(sql`
      select hasura_upkeep.delete_old_events(now() - make_interval(days => ${days}::integer)) as deleted
      where not exists (select from public.legal_holds h where h.released_at is null)`)
    return Number(rows[0]?.deleted ?? 0)
  },
}

async function dropPartitions(tx: Tx, table: string, days: number): Promise<number> {
  const { rows } = await tx.query<{ deleted: string }>(sql`
    select coalesce(sum(p.deleted), 0) as deleted
    from ops.drop_expired_partitions(${table}, now() - make_interval(days => ${days}::integer)) p`)
  return Number(rows[0]?.deleted ?? 0)
}
