import type { Platforms } from '../platforms/contract.ts'
import type { Database } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { declareBudget, declareDaysOfData } from './budget.ts'
import { strategyOf } from './decide-strategy.ts'

/** Writes the platforms that this build has into their table, with the windows of their request budgets. */
export async function registerPlatforms(db: Database, platforms: Platforms): Promise<void> {
  for (const platform of platforms.values()) {
    const { id, displayName, coverage, policy, oauth, api } = platform
    await db.query(sql`
      insert into public.platforms (id, display_name, coverage, connectable, policy, strategy)
      values (${id}, ${displayName}, ${coverage}, ${oauth !== undefined}, ${JSON.stringify(policy)}::jsonb,
        ${strategyOf(platform)})
      on conflict (id) do update set display_name = excluded.display_name, coverage = excluded.coverage,
        connectable = excluded.connectable, policy = excluded.policy,
        strategy = excluded.strategy, updated_at = now()`)
    if (api !== undefined) await declareBudget(db, id, api.budget)
    if (api?.backfill !== undefined) await declareDaysOfData(db, id, api.backfill.daysPerMinute)
  }
}
