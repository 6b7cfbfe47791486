import { BreachScope } from '../../service/compliance/breach/affected.ts'
import type { BreachServices, Channel } from '../../service/compliance/breach/services.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { wireBreach } from '../../service/wire-breach.ts'
import { B, plantBoth } from '../permissions/planted-people.ts'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

export const OPERATOR = { kind: 'operator', id: '5d6a1f0e-0000-4000-8000-0000000000f1' } as const
export const SECRET = new Secret('s'.repeat(32))
export const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
export const NOTICE = {
  subject: 'Your data',
  text: 'Somebody took a copy of your activities. Ask privacy@example.com.',
}

export function breachOf(change: object = {}, scope: object = {}) {
  return {
    description: 'A copy of a disk was taken',
    awareAt: hoursAgo(1),
    risk: 'high' as const,
    unreadable: false,
    keysExposed: false,
    consequences: null,
    measures: null,
    scope: BreachScope.parse(scope),
    ...change,
  }
}

export function services(service: TestService, channel?: Channel): BreachServices {
  return { ...wireBreach(service), channel }
}

export async function affected({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(
    'select user_id as id from breach_notifications where breach_id = $1 order by 1',
    [breachId],
  )
  return rows.map(({ id }) => id)
}

export async function applying({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ rule: string }>(
    'select rule_id as rule from breach_clocks where breach_id = $1 and applies order by 1',
    [breachId],
  )
  return rows.map(({ rule }) => rule)
}

/** Person B alone has a Garmin ride of May; both are at Strava and have rows of March. */
export async function people(db: TestDatabase): Promise<void> {
  await plantBoth(db.admin)
  await db.admin.query('delete from breaches')
  await db.admin.query(
    `update activities set platform = 'garmin', started_at = '2026-05-01 06:00Z' where user_id = $1 and source_id like '%3'`,
    [B],
  )
}
