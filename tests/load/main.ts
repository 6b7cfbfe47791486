import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeLoad } from './describe-load.ts'
import { measureLoad } from './measure.ts'

const PAGE = join(import.meta.dirname, '../../docs/operations/scale-and-cost.md')
const MARKS = /(?<=<!-- measured -->\n)[^]*(?=<!-- \/measured -->)/

/** `npm run load-model -- [--people 40] [--write]`: measures simulated people and prints what they cost. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { people: { type: 'string', default: '40' }, write: { type: 'boolean', default: false } },
  })
  const people = Number(values.people)
  if (!Number.isInteger(people) || people < 1) {
    process.stderr.write(`--people ${values.people}: needs a whole number above 0\n`)
    process.exitCode = 2
    return
  }
  const progress = (text: string) => void process.stderr.write(`… ${text}\n`)
  const measured = await measureLoad({ people, syncs: 4, screens: people * 50, progress })
  const text = describeLoad(measured, new Date().toISOString().slice(0, 10))
  process.stdout.write(text)
  if (values.write) writeFileSync(PAGE, readFileSync(PAGE, 'utf8').replace(MARKS, `\n${text}\n`))
}

await main()
