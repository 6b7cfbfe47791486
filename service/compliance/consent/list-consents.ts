import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { PublishedText } from './queries.ts'

export async function listTexts(db: Db): Promise<readonly PublishedText[]> {
  const { rows } = await db.query<PublishedText>(sql`
    select platform, purpose, version, locale, sha256 from public.current_consent_texts order by 1, 2, 4`)
  return rows
}

export interface Decision {
  readonly decidedAt: Date
  readonly platform: string
  readonly purpose: string
  readonly decision: 'given' | 'withdrawn'
  readonly version: number
  readonly locale: string
  readonly channel: string
}

/** The newest first. */
export async function listDecisions(db: Db, userId: string): Promise<readonly Decision[]> {
  const { rows } = await db.query<Decision>(sql`
    select decided_at as "decidedAt", platform, purpose, decision, text_version as version, text_locale as locale, channel
    from public.consents where user_id = ${userId}::uuid order by position desc`)
  return rows
}
