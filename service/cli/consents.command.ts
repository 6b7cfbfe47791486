import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ConsentTextInput } from '../compliance/consent/consent-text-input.ts'
import { listDecisions, listTexts } from '../compliance/consent/list-consents.ts'
import { publishConsentText } from '../compliance/consent/publish-text.ts'
import { findCurrentTexts } from '../compliance/consent/queries.ts'
import { type Choice, updateConsents } from '../compliance/consent/update-consents.ts'
import { wireConsent } from '../wire-privacy.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR, parseOr, withWiring } from './operator.ts'

export const consentsCommand: Command = {
  name: 'consents',
  usage: [
    ['consents texts', 'print which texts people are asked to agree to'],
    ['consents publish <platform> --file <text>', 'publish a new version: the platform waits until people accept it'],
    ['  [--purpose collection] [--locale en] [--translation]', 'translation: the current version in another language'],
    ['consents show --user <uuid>', "print a person's decisions"],
    ['consents record --user <uuid> --platform <id>', 'write down a decision that did not come through the app'],
    ['  --decision given|withdrawn --channel email|letter|other', ''],
    ['  --decided-at <time> --evidence <text>', 'where the proof is'],
  ],
  options: {
    file: { type: 'string' },
    purpose: { type: 'string' },
    locale: { type: 'string' },
    translation: { type: 'boolean' },
    user: { type: 'string' },
    platform: { type: 'string' },
    decision: { type: 'string' },
    channel: { type: 'string' },
    'decided-at': { type: 'string' },
    evidence: { type: 'string' },
  },
  async run(input) {
    const action = ACTIONS[input.positionals[0] ?? '']
    if (action === undefined) throw new Error('give texts, publish, show or record; see npm run tributary -- help')
    return withWiring(await action(input))
  },
}

/** What was typed is read before anything is opened. */
type Action = (input: Input) => Promise<(wiring: Wiring) => Promise<string>>

const ACTIONS: Readonly<Record<string, Action>> = {
  texts:
    async () =>
    async ({ db }) => {
      const texts = await listTexts(db)
      const lines = texts.map(({ platform, purpose, version, locale, sha256 }) =>
        [platform, purpose, `version ${version}`, locale, sha256].join('  '),
      )
      return texts.length === 0 ? 'no text is published: nobody can connect\n' : `${lines.join('\n')}\n`
    },
  publish,
  async show(input) {
    const userId = parseOr(z.uuid(), required(input, 'user'), '--user must be a UUID')
    return async ({ db }) => {
      const decisions = await listDecisions(db, userId)
      const lines = decisions.map(({ decidedAt, platform, purpose, decision, version, locale, channel }) =>
        [decidedAt.toISOString(), platform, purpose, decision, `version ${version} ${locale}`, channel].join('  '),
      )
      return decisions.length === 0 ? 'no decision is recorded\n' : `${lines.join('\n')}\n`
    }
  },
  record,
}

async function publish(input: Input): Promise<(wiring: Wiring) => Promise<string>> {
  const platform = input.positionals[1]
  if (platform === undefined) throw new Error('give the platform: consents publish <platform> --file <text>')
  const body = await readFile(required(input, 'file'), 'utf8').catch(() => {
    throw new Error('--file cannot be read')
  })
  const purpose = optional(input, 'purpose') ?? 'collection'
  const text = { platform, purpose, locale: optional(input, 'locale') ?? 'en', body }
  const parsed = ConsentTextInput.safeParse(text)
  const issue = parsed.error?.issues[0]
  if (!parsed.success) throw new Error(`${issue?.path.join('.')}: ${issue?.message}`)
  const isTranslation = input.values['translation'] === true
  return async ({ db, audit }) => {
    const published = await publishConsentText({ db, audit }, { ...parsed.data, isTranslation, actor: OPERATOR })
    const { version, locale, sha256 } = published
    return `${platform} ${purpose}: version ${version} in ${locale}, sha256 ${sha256}\n`
  }
}

async function record(input: Input): Promise<(wiring: Wiring) => Promise<string>> {
  const userId = parseOr(z.uuid(), required(input, 'user'), '--user must be a UUID')
  const decision = parseOr(
    z.enum(['given', 'withdrawn']),
    required(input, 'decision'),
    '--decision: given or withdrawn',
  )
  const channels = z.enum(['email', 'letter', 'other'])
  const onPaper = {
    channel: parseOr(channels, required(input, 'channel'), '--channel must be email, letter or other'),
    decidedAt: parseOr(z.coerce.date(), required(input, 'decided-at'), '--decided-at must be a time'),
    evidence: parseOr(z.string().min(10).max(1000), required(input, 'evidence'), '--evidence needs 10 characters'),
  }
  const key = { platform: required(input, 'platform'), purpose: optional(input, 'purpose') ?? 'collection' }
  const locale = optional(input, 'locale') ?? 'en'
  return async (wiring) => {
    const version = (await findCurrentTexts(wiring.db, key))[0]?.version ?? 0
    const choice: Choice =
      decision === 'given' ? { ...key, granted: true, version, locale } : { ...key, granted: false }
    const states = await updateConsents(wireConsent(wiring), { userId, choices: [choice], actor: OPERATOR, onPaper })
    const state = states.find(({ platform, purpose }) => platform === key.platform && purpose === key.purpose)
    return `${key.platform} ${key.purpose}: ${state?.status ?? 'never given'}\n`
  }
}
