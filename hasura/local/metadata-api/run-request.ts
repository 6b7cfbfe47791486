import { HasuraError } from '../errors.ts'
import type { Inconsistency } from '../execute/engine-types.ts'
import { ACTION_COMMANDS } from './action-commands.ts'
import { describeKind, isJsonObject, parseFailed, readObject } from './arguments.ts'
import { COLLECTION_COMMANDS } from './collection-commands.ts'
import type { Command, CommandContext, Commands } from './command.ts'
import { DATA_COMMANDS } from './data-commands.ts'
import { type Json, notExists } from './draft.ts'
import { findProblems } from './find-problems.ts'
import { PERMISSION_COMMANDS } from './permission-commands.ts'
import { readDraft } from './read-draft.ts'
import { REPAIR_COMMANDS } from './repair-commands.ts'
import { ROW_COMMANDS } from './row-commands.ts'
import { SELECT_COMMANDS } from './select-command.ts'
import { dropDependents, refuseDependents, untrackMissing } from './settle.ts'
import { TABLE_COMMANDS } from './table-commands.ts'
import { TRIGGER_COMMANDS } from './trigger-commands.ts'
import { WHOLE_COMMANDS } from './whole-commands.ts'

const COMMANDS: Commands = {
  ...WHOLE_COMMANDS,
  ...REPAIR_COMMANDS,
  ...TABLE_COMMANDS,
  ...PERMISSION_COMMANDS,
  ...TRIGGER_COMMANDS,
  ...ACTION_COMMANDS,
  ...COLLECTION_COMMANDS,
  ...DATA_COMMANDS,
  ...ROW_COMMANDS,
  ...SELECT_COMMANDS,
}

/** Commands that change neither metadata nor the shape of the database. */
const HARMLESS = new Set([
  'select',
  'count',
  'insert',
  'update',
  'delete',
  'export_metadata',
  'get_inconsistent_metadata',
  'reload_metadata',
  'invoke_event_trigger',
  'redeliver_event',
])

/** What a statement must hold to change the shape of the database. */
const CHANGES_SHAPE = /\b(alter|create|drop|comment|do|call)\b/i

/** Older and newer spellings of one command. */
const ALIASES: Readonly<Record<string, string>> = {
  add_existing_table_or_view: 'track_table',
  track_table_v2: 'track_table',
  drop_event_trigger: 'delete_event_trigger',
}

/** Everything between `begin` and `commit`. */
export interface Work extends CommandContext {
  problems: readonly Inconsistency[]
  /** Whether what is served has to be built anew. */
  isChanged: boolean
}

/** Runs `{type, args}`, with `bulk` one after the other. Throws HasuraError; the caller rolls back. */
export async function runRequest(work: Work, body: unknown): Promise<unknown> {
  if (Array.isArray(body)) return runAll(work, body)
  if (!isJsonObject(body) || typeof body['type'] !== 'string')
    throw parseFailed('parsing the metadata request failed, key "type" not found', '$')
  const type = canonicalType(body['type'])
  const args = body['args'] ?? {}
  if (type === 'bulk' || type === 'bulk_atomic') return runAll(work, readList(body['args']))
  const command = Object.hasOwn(COMMANDS, type) ? COMMANDS[type] : undefined
  if (command === undefined) {
    const message = `metadata request "${body['type']}" is not implemented by the stand-in engine`
    throw new HasuraError({ code: 'not-supported', message })
  }
  const read = typeof args === 'string' ? { table: args } : readObject(args)
  requireSource(work, read)
  return (await runOne(work, { type, command, args: read })) ?? { message: 'success' }
}

function readList(args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args
  if (args === undefined) throw parseFailed('parsing the metadata request failed, key "args" not found', '$')
  throw parseFailed(`parsing [] failed, expected Array, but encountered ${describeKind(args)}`, '$.args')
}

/** A command that names a source is about that one and no other. */
function requireSource({ draft }: Work, { source }: Json): void {
  if (typeof source === 'string' && !draft.sources.some(({ name }) => name === source))
    throw notExists(`source with name "${source}" does not exist`)
}

async function runAll(work: Work, list: readonly unknown[]): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const item of list) answers.push(await runRequest(work, item))
  return answers
}

async function runOne(work: Work, run: { type: string; command: Command; args: Json }): Promise<unknown> {
  const answer = await run.command(work, run.args)
  const isHarmless = run.type === 'run_sql' ? !CHANGES_SHAPE.test(String(run.args['sql'])) : HARMLESS.has(run.type)
  if (isHarmless) return answer
  work.isChanged = true
  const mayDrop = run.type === 'run_sql' || run.type === 'untrack_table' || run.type.startsWith('drop_')
  await settle(work, { mayDrop, isCascading: run.args['cascade'] === true })
  return answer
}

/** Nothing that fitted before may stop fitting, and nothing new may not fit. */
async function settle(work: Work, { mayDrop, isCascading }: { mayDrop: boolean; isCascading: boolean }): Promise<void> {
  let problems = await checkDraft(work)
  if (mayDrop && untrackMissing(work.draft, problems)) problems = await checkDraft(work)
  while (isCascading && dropDependents(work.draft, problems)) problems = await checkDraft(work)
  const known = new Set(work.problems.map(({ name }) => name))
  const fresh = problems.filter(({ name }) => !known.has(name))
  const [first] = fresh
  work.problems = problems
  if (first === undefined) return
  if (mayDrop) refuseDependents(fresh)
  const internal = fresh.map(({ name, reason }) => ({ name, reason }))
  const message = `Inconsistent object: ${first.reason}`
  throw new HasuraError({ code: 'invalid-configuration', message, path: '$.args', internal })
}

async function checkDraft({ draft, client, env }: CommandContext): Promise<readonly Inconsistency[]> {
  return findProblems(readDraft(draft), { client, env })
}

function canonicalType(type: string): string {
  const plain = type.replace(/^(pg|postgres)_/, '')
  return ALIASES[plain] ?? plain
}
