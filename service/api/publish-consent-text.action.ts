import { z } from 'zod'
import { ConsentTextInput } from '../compliance/consent/consent-text-input.ts'
import { type PublishServices, publishConsentText } from '../compliance/consent/publish-text.ts'
import { actorOf } from './actor-of.ts'
import { defineAction } from './define-action.ts'

export const publishConsentTextAction = defineAction({
  name: 'publishConsentText',
  roles: ['operator'],
  input: ConsentTextInput.extend({ translation: z.boolean().nullish() }),
  async run({ translation, ...text }, caller, services: PublishServices) {
    const actor = actorOf(caller)
    const { version, sha256 } = await publishConsentText(services, {
      ...text,
      isTranslation: translation === true,
      actor,
    })
    return { version, sha256 }
  },
})
