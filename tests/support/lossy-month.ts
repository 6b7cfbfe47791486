import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from '../../service/runtime/sql.ts'
import type { TestDatabase } from './database.ts'
import { normalizeAll } from './garmin-scene.ts'
import { connect, type TestService } from './service.ts'
import { type Door, openDoor } from './strava-door.ts'

const DAY_MS = 86_400_000

export interface LossyMonth {
  /** What nobody was told of: the activity's id, and what happened to it. */
  readonly lost: ReadonlyMap<string, 'missing' | 'changed' | 'deleted'>
  /** Of every activity of the month. */
  readonly ids: readonly string[]
  /** Sends the webhook about an activity after all. */
  deliver(id: string): Promise<void>
  /** Activities that differ between the platform and here: id and why. */
  differences(): Promise<readonly string[]>
  close(): Promise<void>
}

/** A month of somebody's training, told of by real webhooks; of so many in a row one never comes, another one each time. */
export async function simulateMonth(
  service: TestService,
  db: TestDatabase,
  { activities, seed, loseEvery = 5 }: { activities: number; seed: number; loseEvery?: number },
): Promise<LossyMonth> {
  const { door, subscription } = await openSubscribed(service, db)
  const lost = new Map<string, 'missing' | 'changed' | 'deleted'>()
  const ids: string[] = []
  let [events, sent] = [0, 0]
  /** Whether the next event is one that never comes. */
  const lose = async (): Promise<boolean> => {
    const row = Math.floor(events / loseEvery)
    // Not every fifth: deletions come in a rhythm of their own, and would all be told of.
    const loses = events % loseEvery === (7 * row * row + 3 * row + seed) % loseEvery
    events += 1
    await service.simulate('POST', '/faults', { next: loses ? [{ webhook: 'lost', count: 1 }] : [] })
    if (!loses) sent += 1
    return loses
  }
  for (let index = 0; index < activities; index += 1) {
    const start = new Date(Date.now() - (30 - (index * 30) / activities) * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z')
    const isLost = await lose()
    const fields = { athlete_id: 1, start_date: start, start_date_local: start, distance: 5000 + index }
    const { id } = (await service.simulate('POST', '/activity', fields)) as { id: number }
    ids.push(String(id))
    if (isLost) lost.set(String(id), 'missing')
    // Some are renamed or deleted later, those that are known here alone: for the rest nothing would be left to tell apart.
    const earlier = ids.at(-4)
    if (index % 3 === 2 && earlier !== undefined && !lost.has(earlier)) {
      const deletes = index % 2 === 0
      const loses = await lose()
      await service.simulate(
        deletes ? 'DELETE' : 'PATCH',
        `/activity/${earlier}`,
        deletes ? undefined : { name: `Renamed ${index}` },
      )
      if (loses) lost.set(earlier, deletes ? 'deleted' : 'changed')
    }
    while ((await db.admin.query('select from ops.webhook_deliveries')).rowCount! < sent) await sleep(5)
    await service.work()
    await normalizeAll(service, db)
  }
  return {
    lost,
    ids,
    deliver: async (id) => void (await door.tell('create', id, subscription)),
    differences: () => findDifferences(service, db),
    close: () => door.close(),
  }
}

/** Connected, and the simulated Strava sends to this door. */
async function openSubscribed(service: TestService, db: TestDatabase): Promise<{ door: Door; subscription: string }> {
  const door = await openDoor(service, db)
  await connect(service)
  const webhook = service.ingestion.platforms.get('strava')!.webhook!
  const subscription = await webhook.ensureSubscription!({
    callbackUrl: door.url,
    send: (request) => service.ingestion.send(request, 'strava'),
  })
  await service.db.query(
    sql`update ops.webhook_subscriptions set subscription_id = ${subscription} where platform = 'strava'`,
  )
  await service.work()
  await normalizeAll(service, db)
  return { door, subscription }
}

async function findDifferences(service: TestService, db: TestDatabase): Promise<readonly string[]> {
  const served = (await service.simulate('GET', '/athletes/1/activities')) as readonly { id: number; name: string }[]
  const { rows } = await db.admin.query<{ id: string; name: string }>('select source_id as id, name from activities')
  // One of the activities from before the month has an id that this test's JSON would round.
  const exact = (id: string | number) => Number.isSafeInteger(Number(id))
  const here = new Map(rows.filter(({ id }) => exact(id)).map(({ id, name }) => [id, name]))
  const there = new Map(served.filter(({ id }) => exact(id)).map(({ id, name }) => [String(id), name]))
  return [
    ...[...there].filter(([id, name]) => here.get(id) !== name).map(([id]) => `${id} is not here as it is there`),
    ...[...here.keys()].filter((id) => !there.has(id)).map((id) => `${id} is here alone`),
  ]
}
