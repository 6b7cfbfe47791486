import { z } from 'zod'
import { type Choice, type ConsentServices, updateConsents } from '../compliance/consent/update-consents.ts'
import { actorOf } from './actor-of.ts'
import { defineAction } from './define-action.ts'

const WHAT = { platform: z.string().max(100), purpose: z.string().max(100) }
const Consent = z
  .object({ ...WHAT, granted: z.boolean(), version: z.int().nullish(), locale: z.string().max(35).nullish() })
  .transform(({ platform, purpose, granted, version, locale }, context): Choice => {
    if (!granted) return { platform, purpose, granted }
    if (version != null && locale != null) return { platform, purpose, granted, version, locale }
    context.addIssue('to agree takes version and locale of the text that was shown')
    return z.NEVER
  })

export const updateConsentsAction = defineAction({
  name: 'updateConsents',
  input: z.object({ consents: z.array(Consent).min(1).max(100) }),
  async run({ consents }, caller, services: ConsentServices) {
    // Whoever gave consent can take it back, whatever their sign-in covers by now.
    for (const { granted, platform } of consents) if (granted) await caller.checkPlatform?.(platform)
    const states = await updateConsents(services, { userId: caller.userId, choices: consents, actor: actorOf(caller) })
    return { consents: states.map((state) => ({ ...state })) }
  },
})
