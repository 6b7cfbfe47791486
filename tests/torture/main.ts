import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeDataDirectory } from '../support/running.ts'
import { describeReport } from './describe-report.ts'
import { torture } from './torture.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    events: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '50' },
    kills: { type: 'string', default: '20' },
    athletes: { type: 'string', default: '5' },
    data: { type: 'string' },
  },
})
const [seed = 1, events = 10_000, eventsPerSecond = 50, kills = 20, athletes = 5] = (
  ['seed', 'events', 'rate', 'kills', 'athletes'] as const
).map((name) => {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number > 0) return number
  process.stderr.write(`--${name} ${values[name]}: needs a whole number above 0\n`)
  process.exit(2)
})
const dataDirectory = values.data === undefined ? makeDataDirectory() : resolve(values.data)
mkdirSync(dataDirectory, { recursive: true })
const isTerminal = process.stdout.isTTY === true
const progress = (text: string) => isTerminal && process.stdout.write(`\r\x1b[K${text}`)
process.stdout.write(`Seed ${seed}; ledger, database and logs: ${dataDirectory}\n`)
const report = await torture({ seed, events, eventsPerSecond, kills, athletes, dataDirectory, progress })
process.stdout.write(`${isTerminal ? '\r\x1b[K' : ''}${describeReport(report)}\n`)
process.exit(report.lost.length + report.duplicates.length + report.unexpected.length === 0 ? 0 : 1)
