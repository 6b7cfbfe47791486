import { type Command, optional } from './command.ts'
import { normalizeFile } from './normalize-file.ts'
import { replayPayloads } from './replay-payloads.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const normalizeCommand: Command = {
  name: 'normalize',
  usage: [
    [
      'normalize <platform> <data_type> <file>',
      'print what a payload becomes, as NDJSON, without a database; - reads standard input',
    ],
    ['  [--metadata <json>]', 'what is stored beside it, for example {"source_id":"1"} for the series of an activity'],
  ],
  options: { metadata: { type: 'string' } },
  async run(input) {
    const [platform, dataType, file] = input.positionals
    if (platform === undefined || dataType === undefined || file === undefined)
      throw new Error('give <platform> <data_type> <file>; see npm run tributary -- help')
    return normalizeFile({ platform, dataType, file, metadata: optional(input, 'metadata') ?? '{}' })
  },
}

export const replayCommand: Command = {
  name: 'replay',
  usage: [
    ['replay <raw id>', 'normalize one stored payload again'],
    ['replay --all [--platform <id>] [--data-type <t>]', 'normalize all of them again, oldest first for each person'],
  ],
  options: { all: { type: 'boolean' }, platform: { type: 'string' }, 'data-type': { type: 'string' } },
  async run(input) {
    const [rawId] = input.positionals
    if ((rawId === undefined) !== (input.values['all'] === true)) throw new Error('give one <raw id>, or --all')
    if (rawId !== undefined && !UUID.test(rawId)) throw new Error('a raw id is a UUID; find it in raw_fitness_data')
    const selection = { rawId, platform: optional(input, 'platform'), dataType: optional(input, 'data-type') }
    return replayPayloads(selection, showProgress)
  },
}

/** A line that rewrites itself, for people; nothing where the output is a file. */
function showProgress(done: number): void {
  if (process.stderr.isTTY && done % 100 === 0) process.stderr.write(`\r${done} payloads`)
}
