import type { CompleteMutation, RunsQuery } from './generated/graphql.ts'
import { type Person, until } from './graphql-client.ts'
import { Agree, Complete, Connect, CurrentConsentTexts, Runs } from './operations.ts'

export type Simulated = 'approve' | 'deny' | 'read_only'

/** Answers on the simulator's consent page and follows the browser's redirects to the fragment of the app's address. */
export async function answerConsent(
  person: Person,
  simulate: Simulated = 'approve',
  { platform = 'strava', athlete }: { readonly platform?: string; readonly athlete?: number | undefined } = {},
): Promise<URLSearchParams> {
  await agreeTo(person, platform)
  const { connectPlatform } = await person.get(Connect, { platform })
  const chosen = athlete === undefined ? '' : `&simulate_athlete=${athlete}&simulate_person=${athlete}`
  const callback = await redirected(`${connectPlatform.authorizationUrl}&simulate=${simulate}${chosen}`)
  return new URLSearchParams(new URL(await redirected(callback)).hash.slice(1))
}

/** Agrees to the text that counts; who did so before changes nothing. */
export async function agreeTo(person: Person, platform: string): Promise<void> {
  const { current_consent_texts: texts } = await person.get(CurrentConsentTexts, { platform })
  const consents = texts.map(({ purpose, version, locale }) => ({
    platform,
    purpose: purpose ?? '',
    granted: true,
    version,
    locale,
  }))
  await person.get(Agree, { consents })
}

export async function redirected(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' })
  const location = response.headers.get('location')
  if (location === null) throw new Error(`expected a redirect, got ${response.status}`)
  return location
}

export async function connectStrava(
  person: Person,
  simulate: Simulated = 'approve',
  athlete?: number,
): Promise<CompleteMutation['completeConnection']> {
  const handle = (await answerConsent(person, simulate, { athlete })).get('handle')
  const { completeConnection } = await person.get(Complete, { handle })
  return completeConnection
}

/** Waits for the end of the import of the history. */
export async function historyImported(person: Person, withinMs = 60_000): Promise<RunsQuery['sync_runs'][number]> {
  const { sync_runs: runs } = await until('import of the history', () => person.get(Runs, { kind: 'history' }), {
    good: ({ sync_runs: [run] }) => run !== undefined && run.status !== 'running',
    withinMs,
  })
  return runs[0]!
}
