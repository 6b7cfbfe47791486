import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

const ONE_RUN = {
  id: 7,
  sport_type: 'Run',
  start_date: '2026-03-01T06:30:00Z',
  start_date_local: '2026-03-01T07:30:00Z',
  utc_offset: 3600,
  distance: 1000.5,
  moving_time: 300,
  elapsed_time: 301,
}

/** As an operator calls it, without any setting. */
async function normalize(args: readonly string[], input: string): Promise<{ lines: unknown[]; error: string }> {
  const program = run(process.execPath, ['service/cli/main.ts', 'normalize', ...args], {
    cwd: ROOT,
    env: { TRIBUTARY_DATA_DIR: '/nonexistent' },
  })
  program.child.stdin?.end(input)
  const { stdout, stderr } = await program.catch((error: { stdout: string; stderr: string }) => error)
  return {
    lines: stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown),
    error: stderr,
  }
}

describe('tributary normalize', () => {
  test.for([
    [['strava', 'activity'], '', 'tributary: give <platform> <data_type> <file>; see npm run tributary -- help\n'],
    [['polar', 'activity', '-'], '', /^tributary: no platform "polar"; there are .*strava.*\n$/],
    [['strava', 'steps', '-'], '', /^tributary: strava has no payloads "steps"; it has .*activity_list.*\n$/],
    [
      ['strava', 'activity', '/nonexistent/file'],
      '',
      'tributary: cannot read "/nonexistent/file"; give a file, or - for standard input\n',
    ],
    [
      ['strava', 'activity', '-', '--metadata', '[]'],
      '{}',
      'tributary: --metadata must be a JSON object, for example \'{"source_id":"1"}\'\n',
    ],
  ] as const)('refuses %j in one line', async ([args, input, message]) => {
    const { lines, error } = await normalize(args, input)
    expect(lines).toEqual([])
    expect(error).toMatch(message)
  })

  test('says of text that is no JSON that nothing could be read', async () => {
    const { lines } = await normalize(['strava', 'activity_list', '-'], '[{"id":7')
    expect(lines).toEqual([{ record: 'rejected', position: 0, reason: 'not JSON' }])
  })

  test('prints one line for each record, the rejected ones with their reason', async () => {
    const { lines, error } = await normalize(['strava', 'activity_list', '-'], JSON.stringify([{ id: 'x' }, ONE_RUN]))
    expect(error).toBe('')
    expect(lines).toMatchObject([
      { record: 'activity', sourceId: '7', sport: 'run', distanceM: 1000.5, localDay: '2026-03-01' },
      { record: 'rejected', position: 0 },
    ])
  })

  test('takes what is stored beside a payload from --metadata', async () => {
    const streams = { time: { data: [0, 1] }, heartrate: { data: [90, 91] } }
    const args = ['strava', 'activity_streams', '-', '--metadata', '{"source_id":"7"}']
    expect((await normalize(args, JSON.stringify(streams))).lines).toEqual([
      {
        record: 'activity_stream',
        sourceId: '7',
        kind: 'heart_rate_bpm',
        unit: '/min',
        offsetsS: [0, 1],
        values: [90, 91],
      },
    ])
  })
})

test('the command in the guide for platforms does what it says', async () => {
  const guide = readFileSync(join(ROOT, 'docs/platform-guides/add-a-platform.md'), 'utf8')
  const command = guide.split('\n').find((line) => line.includes('normalize oura sleep -'))!
  const { stdout } = await run('bash', ['-o', 'pipefail', '-c', command], { cwd: ROOT })
  const records = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { record: string; sourceId?: string })
  expect(records.find(({ record }) => record === 'sleep_session')?.sourceId).toBe('a1')
})
