import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { TestDatabase } from '../support/database.ts'
import { normalizeAll } from '../support/garmin-scene.ts'
import { ADA, BELA } from '../support/people.ts'
import { connect, environment, type TestService, testWithFew as test } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '../..')

interface Printed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** As an operator calls it, beside a worker that works. */
async function tributary(
  { db, service }: { db: TestDatabase; service: TestService },
  ...args: string[]
): Promise<Printed> {
  const api = service.ingestion.platforms.get('strava')!.api!.probe.url
  const simulators = api.slice(0, api.indexOf('/strava/'))
  const env = environment(db, { simulators, headsDirectory: '/nowhere' })
  let ended = false
  const printed = new Promise<Printed>((resolve) => {
    execFile(process.execPath, ['service/cli/main.ts', ...args], { cwd: ROOT, env }, (error, stdout, stderr) => {
      ended = true
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
  while (!ended) {
    await sleep(100)
    const { rowCount } = await db.admin.query(
      'select from graphile_worker.jobs where locked_at is null and run_at <= now()',
    )
    if (rowCount === 0) continue
    await service.work()
    await normalizeAll(service, db)
  }
  return printed
}

describe('tributary sync and reconcile', { timeout: 120_000 }, () => {
  test('refuse in one line that names the next step', async ({ db, service }) => {
    const scene = { db, service }
    for (const [args, says] of [
      [['sync', 'ada', 'strava'], 'the person must be a UUID; see npm run tributary -- help'],
      [['sync', ADA], 'give sync <user> <platform>; see npm run tributary -- help'],
      [['sync', ADA, 'strava', '--years', '0'], '--years must be a whole number from 1 to 100'],
      [['reconcile', BELA], 'connection/not_found: There is no connection to this platform.'],
    ] as const) {
      const { code, stdout, stderr } = await tributary(scene, ...args)
      expect([code, stdout, stderr]).toEqual([1, '', `tributary: ${says}\n`])
    }
  })

  test('print what came of a run, and of a comparison, in eighty columns', async ({ db, service }) => {
    await connect(service)
    await service.work()
    await normalizeAll(service, db)
    const years = await tributary({ db, service }, 'sync', ADA, 'strava', '--years', '20')
    expect(years).toMatchObject({ code: 0, stderr: '' })
    expect(years.stdout).toMatch(/^activity_list +complete +\d+ *$/m)
    expect(years.stdout).toMatch(/^sleep_sessions +not_available +0 +not_at_this_platform$/m)
    expect(years.stdout).toMatch(/^complete: \d+ records in \d+ requests?$/m)
    const lines = await tributary({ db, service }, 'sync', ADA, 'strava', '--json')
    expect(JSON.parse(lines.stdout)).toMatchObject({ status: 'complete', errorCode: null })
    expect(
      lines.stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
        .at(-1),
    ).toMatchObject({ status: 'complete' })
    await db.admin.query("delete from activities where started_at > now() - interval '35 days'")
    const report = await tributary({ db, service }, 'reconcile', ADA)
    expect(report.stdout).toMatch(/^strava +complete +\d+ +0 +0 +0 +0 *$/m)
    for (const line of [...years.stdout.split('\n'), ...report.stdout.split('\n')])
      expect(line.length).toBeLessThanOrEqual(80)
  })
})
