import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

export const OURA = 'oura'
export type Told = Readonly<Record<string, string | number | null>>

/** What the simulator's first person has of a list. */
export const told = (service: TestService, list: string, days: { from: string; to: string }) =>
  service.simulateAt(OURA)('GET', `/people/1/${list}?from=${days.from}&to=${days.to}`) as Promise<Told[]>

/** No Hasura here: what its event would ask for. */
export async function normalizeAll({ normalization }: TestService, { admin }: TestDatabase): Promise<void> {
  const { rows } = await admin.query(
    `select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data
     where processed_at is null and platform = 'oura' order by created_at`,
  )
  for (const key of rows) await normalizeRaw(normalization, key)
}

/** A month that is over. */
export const range = () => {
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
  return { from: day(30), to: day(2) }
}
