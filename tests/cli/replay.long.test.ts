import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { runTributary } from '../support/command-line.ts'
import type { TestDatabase } from '../support/database.ts'
import { derived } from '../support/replay-scene.ts'
import { connect, environment, testWithFew as test } from '../support/service.ts'

const replay = (db: TestDatabase, ...args: string[]) =>
  runTributary(
    { env: environment(db, { simulators: 'http://localhost:9', headsDirectory: '/nowhere' }) },
    'replay',
    ...args,
  )

describe('tributary replay', () => {
  test('reads all payloads, and one again, which changes nothing with the same normalizers', async ({
    service,
    db,
  }) => {
    await connect(service)
    await service.work()
    // Without Hasura no event had them read before.
    const { rows } = await db.admin.query<{ id: string }>('select id from raw_fitness_data where processed_at is null')
    const said = (payloads: number, days: number) => ({
      code: 0,
      text: `${payloads} payloads read again, 0 records rejected, ${days} days changed\n`,
    })
    expect(await replay(db, '--all', '--platform', 'garmin')).toEqual(said(0, 0))
    expect(await replay(db, '--all')).toEqual(said(rows.length, 5))
    await service.work()
    const before = await derived(db)
    expect(before['activities']).toHaveLength(6)
    expect(before['daily_summaries']).toHaveLength(5)
    for (const { id } of rows) expect(await replay(db, id)).toEqual(said(1, 0))
    await service.work()
    expect(await derived(db)).toEqual(before)
  })

  test('refuses what is no payload', async ({ db }) => {
    const id = randomUUID()
    for (const [args, complaint] of [
      [[], 'give one <raw id>, or --all'],
      [[id, '--all'], 'give one <raw id>, or --all'],
      [['17'], 'a raw id is a UUID; find it in raw_fitness_data'],
      [[id], `no payload ${id}`],
    ] as const)
      expect(await replay(db, ...args)).toEqual({ code: 1, text: `tributary: ${complaint}\n` })
  })
})
