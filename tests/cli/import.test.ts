import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import yazl from 'yazl'
import { simulateExport } from '../../service/platforms/apple-health/simulator/export.ts'
import { type TestDatabase, test } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { leastSettings } from '../support/settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const { text, totals } = simulateExport({ seed: 5, firstDay: '2024-01-01', days: 12, heartRatesPerDay: 40 })
const XML = [...text].join('')
const RECORDS = [...totals.values()].reduce((sum, { count }) => sum + count, 0)
let directory = ''

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-import-'))
  writeFileSync(join(directory, 'export.xml'), XML)
  const zip = new yazl.ZipFile()
  zip.addBuffer(Buffer.from(XML), 'apple_health_export/导出.xml')
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(join(directory, 'export.zip')))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function environment({ serviceUrl }: TestDatabase): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], ...leastSettings(serviceUrl) }
}

/** The command as the page on uploads prints it. */
function printed(file: string): string {
  const page = readFileSync(join(ROOT, 'docs/api/apple-health-uploads.md'), 'utf8')
  const [command = ''] = /npm run tributary -- import apple-health <file> --user <uuid>/.exec(page) ?? []
  return command.replace('npm run', 'npm run --silent').replace('<file>', file).replace('<uuid>', ADA)
}

describe('the import of a file by command', () => {
  test('as printed, of a zip with a name in another language, tells how far it is, and again that it is known', async ({
    db,
  }) => {
    const command = `${printed(join(directory, 'export.zip'))} --json`
    const { stdout, stderr } = await run('bash', ['-c', command], { cwd: ROOT, env: environment(db) })
    expect(JSON.parse(stdout)).toMatchObject({ is: 'imported', records: RECORDS, continued: false })
    const first = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{')) ?? '') as object
    expect(Object.keys(first)).toEqual(['records', 'percent', 'megabytesPerSecond', 'secondsLeft'])
    const { rows } = await db.admin.query('select count(*)::int as n from samples')
    expect(rows).toEqual([{ n: RECORDS }])
    const again = await run('bash', ['-c', command], { cwd: ROOT, env: environment(db) })
    expect(JSON.parse(again.stdout)).toMatchObject({ is: 'known' })
  })

  test.skipIf(!existsSync('/usr/bin/script'))(
    'draws a bar with records, megabytes a second and the time left for who looks on',
    async ({ db }) => {
      const command = `${process.execPath} service/cli/main.ts import apple-health ${join(directory, 'export.xml')} --user ${ADA}`
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        cwd: ROOT,
        env: { ...environment(db), TERM: 'xterm' },
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number]
      expect(code).toBe(0)
      expect(output).toMatch(/\d+% \| \d+ records \| [\d.]+ MB\/s \| \d+ s left/)
    },
  )
})
