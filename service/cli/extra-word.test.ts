import { expect, test } from 'vitest'
import { findExtraWord } from './extra-word.ts'

const command = (name: string, ...calls: string[]) => ({ name, usage: calls.map((call) => [call, ''] as const) })
const jobs = command('jobs', 'jobs [--json]')
const sync = command('sync', 'sync <user> <platform> [--years 5]', '  [--json]')
const keys = command('keys', 'keys status', 'keys rotate [all|master|user]')
const letters = command('dead-letters', 'dead-letters list [--task …]', 'dead-letters retry <id…> | --task …')
const replay = command('replay', 'replay <raw id>', 'replay --all [--platform <id>]')
const show = command('audit', 'audit verify', 'audit show --user <uuid>')
const verify = command('verify', 'verify [<backup id>]')

test.for<[ReturnType<typeof command>, string, string | undefined]>([
  [jobs, '', undefined],
  [jobs, 'extra', 'extra'],
  [sync, 'ada strava', undefined],
  [sync, 'ada strava more', 'more'],
  [keys, 'status', undefined],
  [keys, 'status now', 'now'],
  [keys, 'rotate', undefined],
  [keys, 'rotate user', undefined],
  [keys, 'rotate user ada', 'ada'],
  // Its own refusal says more.
  [keys, 'turn', undefined],
  [letters, 'list', undefined],
  [letters, 'list all', 'all'],
  [letters, 'retry 1 2 3', undefined],
  [replay, '1', undefined],
  [replay, '1 2', '2'],
  [show, 'show ada', 'ada'],
  [verify, '', undefined],
  [verify, '1', undefined],
  [verify, '1 2', '2'],
])('%o with "%s" has %s too many', ([of, words, extra]) => {
  expect(findExtraWord(of, words === '' ? [] : words.split(' '))).toBe(extra)
})
