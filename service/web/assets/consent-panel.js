import { element } from './dom.js'
import { describeFailure } from './graphql.js'
import { say, warn } from './messages.js'
import { CONSENT, CONSENT_TEXTS, UPDATE_CONSENTS } from './queries.js'

/**
 * @import { Graphql } from './graphql.js'
 *
 * @typedef {object} ConsentText
 * @property {string} purpose
 * @property {string} locale
 * @property {number} version
 * @property {string} body
 * @property {boolean} required
 */

/**
 * What a person agrees to before a platform is connected, and the way to take it back.
 * @param {string} platform
 * @param {{ agreements: HTMLElement, withdraw: HTMLButtonElement }} parts  Where the boxes go, and what takes the consent back.
 */
export function createConsentPanel(platform, { agreements, withdraw }) {
  /** @type {Graphql | undefined} */
  let graphql
  /** @type {readonly ConsentText[]} */
  let texts = []
  let isGiven = false

  const showChoices = () => {
    const boxes = texts.map((text) => {
      const box = element('input', { type: 'checkbox', id: `agree-${platform}-${text.purpose}`, lang: text.locale })
      return element('p', { className: 'agreement' }, element('label', { lang: text.locale }, box, ` ${text.body}`))
    })
    agreements.replaceChildren(...(isGiven ? [] : boxes))
    withdraw.hidden = !isGiven
  }
  const isTicked = (/** @type {ConsentText} */ { purpose }) => {
    const box = document.getElementById(`agree-${platform}-${purpose}`)
    return box instanceof HTMLInputElement && box.checked
  }

  withdraw.addEventListener('click', async () => {
    const consents = texts.map(({ purpose }) => ({ platform, purpose, granted: false }))
    await graphql
      ?.request(UPDATE_CONSENTS, { consents })
      .then(() => say('Consent taken back: nothing more is received. What was received stays until it is erased.'))
      .catch((/** @type {unknown} */ reason) => warn(describeFailure(reason)))
  })

  return {
    /** @param {Graphql} asUser */
    async show(asUser) {
      graphql = asUser
      isGiven = false
      texts = oneLanguage((await asUser.request(CONSENT_TEXTS, { platform })).current_consent_texts)
      if (graphql !== asUser) return // another person was chosen meanwhile
      showChoices()
      asUser.subscribe(
        CONSENT,
        { platform },
        {
          next: ({ consent_states: states }) => {
            isGiven = texts.every(({ purpose }) =>
              states.some((/** @type {any} */ state) => state.purpose === purpose && state.status === 'given'),
            )
            showChoices()
          },
          failed: warn,
        },
      )
    },
    /** Sends what was ticked. Throws Error that says what is missing. */
    async agree() {
      if (isGiven) return
      if (texts.some((text) => text.required && !isTicked(text)))
        throw new Error('Tick the box first: without your consent nothing is received from the platform.')
      const consents = texts
        .filter(isTicked)
        .map(({ purpose, version, locale }) => ({ platform, purpose, granted: true, version, locale }))
      if (consents.length > 0) await graphql?.request(UPDATE_CONSENTS, { consents })
    },
  }
}

/**
 * Each purpose once: in English, or in whatever language there is.
 * @param {readonly ConsentText[]} texts
 */
function oneLanguage(texts) {
  const purposes = new Map(texts.map((text) => [text.purpose, text]))
  for (const text of texts.filter(({ locale }) => locale === 'en')) purposes.set(text.purpose, text)
  return [...purposes.values()]
}
