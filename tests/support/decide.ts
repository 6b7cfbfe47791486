import type { ConsentState } from '../../service/compliance/consent/queries.ts'
import { type Choice, updateConsents } from '../../service/compliance/consent/update-consents.ts'
import { wireConsent } from '../../service/wire-privacy.ts'
import { ADA } from './people.ts'
import type { TestService } from './service.ts'

/** The person's own decision, as the action has it; agreeing takes the text that counts. */
export async function decide(
  { db, audit, ...wiring }: TestService,
  { userId = ADA, platform = 'strava', granted = true, version = 1 }: Partial<Decided> = {},
): Promise<readonly ConsentState[]> {
  const choice: Choice = granted
    ? { platform, purpose: 'collection', granted, version, locale: 'en' }
    : { platform, purpose: 'collection', granted }
  const actor = { kind: 'user', id: userId } as const
  return updateConsents(wireConsent({ db, audit, ...wiring }), { userId, choices: [choice], actor })
}

interface Decided {
  readonly userId: string
  readonly platform: string
  readonly granted: boolean
  readonly version: number
}
