import { setTimeout as sleep } from 'node:timers/promises'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

/**
 * Lets what a person asks and a job of theirs meet in the worst order: both wait for the person's rows, the job behind, and go on at the
 * same moment. Answers the errors of jobs, among them that of a deadlock; throws what `ask` throws.
 */
export async function meet(
  { db, service }: { db: TestDatabase; service: TestService },
  ask: () => Promise<unknown>,
): Promise<readonly unknown[]> {
  const holder = await db.admin.connect()
  await holder.query('begin; select from app_users for update; select from connections for update')
  const asked = ask()
  await sleep(300)
  const working = service.work()
  await sleep(700)
  await holder.query('commit')
  holder.release()
  await asked
  await working
  return (await db.admin.query('select last_error from graphile_worker.jobs where last_error is not null')).rows
}
