import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type Outcome, printTable } from './figures.ts'
import { writePage } from './page.ts'
import { BENCHES, FULL, ON_DEMAND, QUICK } from './suite.ts'
import { openSummariesDatabase, type SummariesDatabase } from './summaries-database.ts'
import { type Entry, joinRuns } from './targets.ts'

interface Options {
  readonly quick: boolean
  readonly write: boolean
  readonly repeat: number
  readonly names: readonly string[]
  /** Of the soak; absent: of its size. */
  readonly minutes: number | undefined
}

/** `npm run bench -- [--quick] [--only <name,…>] [--repeat <n>] [--minutes <of the soak>] [--write]` */
async function main(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`)
    return 2
  }
  const { entries, alarms } = await runAll(options)
  for (const alarm of alarms) process.stdout.write(`ALARM ${alarm}\n`)
  if (options.write) writePage(entries)
  return options.quick && alarms.length > 0 ? 1 : 0
}

function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      repeat: { type: 'string', default: '1' },
      minutes: { type: 'string' },
    },
  })
  const { quick, write, only } = values
  const names = only?.split(',') ?? Object.keys(BENCHES).filter((name) => !ON_DEMAND.includes(name))
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name))
  if (unknown.length > 0) return `--only ${unknown.join()}: one of ${Object.keys(BENCHES).join(', ')}`
  const repeat = Number(values.repeat)
  if (!Number.isInteger(repeat) || repeat < 1) return `--repeat ${values.repeat}: needs a whole number above 0`
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
  if (minutes !== undefined && !(minutes > 0 && Number.isFinite(minutes)))
    return `--minutes ${values.minutes}: needs a number above 0`
  if (minutes !== undefined && !names.includes('soak')) return '--minutes: of the soak, which is run by --only soak'
  return { quick, write, repeat, names, minutes }
}

async function runAll(options: Options): Promise<{ entries: Entry[]; alarms: string[] }> {
  const usual = options.quick ? QUICK : FULL
  const sizes =
    options.minutes === undefined ? usual : { ...usual, soak: { ...usual.soak, seconds: options.minutes * 60 } }
  let opened: Promise<SummariesDatabase> | undefined
  const summaries = () => (opened ??= openSummariesDatabase(sizes.summaries))
  const entries: Entry[] = []
  const alarms: string[] = []
  // Asked before the start, the load is what others do here: numbers from a busy machine are not worth comparing.
  const load = loadavg()[0] ?? Number.NaN
  process.stdout.write(`${MACHINE}, load before ${load.toFixed(1)}\n`)
  try {
    for (const name of options.names) {
      const outcomes: Outcome[] = []
      for (let run = 0; run < options.repeat; run += 1) {
        const outcome = await BENCHES[name]?.(sizes, summaries)
        if (outcome !== undefined) outcomes.push(outcome)
      }
      printTable(outcomes.flatMap(({ rows }) => rows))
      alarms.push(...outcomes.flatMap((outcome) => outcome.alarms))
      entries.push(describeRuns(name, { outcomes, load, quick: options.quick }))
    }
  } finally {
    await (await opened)?.close()
  }
  return { entries, alarms }
}

const MACHINE = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`

function describeRuns(
  bench: string,
  { outcomes, load, quick }: { outcomes: readonly Outcome[]; load: number; quick: boolean },
): Entry {
  const date = new Date().toISOString().slice(0, 10)
  const targets = joinRuns(outcomes.map(({ targets: measured = [] }) => measured))
  return { bench, date, machine: MACHINE, load, size: quick ? 'quick' : 'full', targets }
}

// Gigabytes are removed on the way out, also when somebody does not want to wait for the end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()
